"""Saliency: bring a character, see what is read and where each reader looked."""

from ocrgen.ui.saliency import page as saliency
from ocrgen.ui.shared.frame import page_title

page_title("Saliency", "Upload, draw or pick a character: what do readers make of it, and where did they look?")
saliency.show()
