"""OCR: what a model that reads learns from real, generated and mixed images, with intervals and verdicts."""

from ocrgen.ui.ocr import page as study
from ocrgen.ui.shared import journey
from ocrgen.ui.shared.frame import page_title

page_title("OCR", "Does synthetic data help? How well OCR models read real test images, by what they learned from.")
journey.show("OCR")
if run := study.head():
    study.progress(run)
    study.show(run)
