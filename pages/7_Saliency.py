"""Saliency: choose a character, see what is read and where each OCR model looked."""

from ocrgen.ui.saliency import page as saliency
from ocrgen.ui.shared.frame import page_title

page_title("Saliency", "Upload, draw or choose a character: what do OCR models read, and where did they look?")
saliency.show()
