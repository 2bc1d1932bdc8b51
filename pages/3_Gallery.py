"""Gallery: what the generators draw, beside what people wrote; and labelled images to download."""

from ocrgen.ui.gallery import page as gallery
from ocrgen.ui.shared import journey
from ocrgen.ui.shared.frame import page_title

page_title("Gallery", "What the generators draw, beside what people wrote. The same seed draws the same images.")
journey.show("Gallery")
gallery.show()
