"""Gallery: what the generators draw, beside what people wrote; and the labelled images to take home."""

from ocrgen.ui.gallery import page as gallery
from ocrgen.ui.shared import selection as choices
from ocrgen.ui.shared.frame import page_title

page_title("Gallery", "What the generators draw, beside what people wrote. The same seed draws the same images.")
if columns := choices.choose():
    gallery.show(columns)
