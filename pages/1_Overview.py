"""Overview: does synthetic handwriting help OCR? The answer, the verdicts, the images, and three ways on."""

from ocrgen.ui.overview import page as overview
from ocrgen.ui.shared.frame import page_title

page_title(
    "Does synthetic handwriting help OCR?",
    "This lab trains generators of handwritten characters and measures, with intervals, what their images are worth to "
    "a network that learns to read.",
)
overview.show()
