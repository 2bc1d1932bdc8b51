"""ocrgen: train generators of handwritten digits, and measure what their images are worth to an OCR reader."""

__version__ = "0.1.0"
