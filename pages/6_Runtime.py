"""Runtime: how fast each generator is, fairly compared, here or where it was last measured."""

from ocrgen.ui.runtime import page as runtime
from ocrgen.ui.shared.frame import page_title

page_title("Runtime", "How fast is each generator, fairly compared? Every figure is a ratio measured in one run.")
runtime.measure()
if run := runtime.choose():
    runtime.show(run)
