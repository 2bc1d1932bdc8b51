"""Overview: does synthetic handwriting help OCR? The answer, the images, the verdicts, and three things to try."""

from ocrgen.claims.claim import PAPER
from ocrgen.ui.overview import page as overview
from ocrgen.ui.shared.frame import page_title

page_title(
    "Does synthetic handwriting help OCR?",
    f"This lab tests the claims of [Memari et al. 2024]({PAPER}): it trains generators of handwritten characters, and "
    "measures how much better an OCR model reads with the images that they generate.",
)
overview.show()
