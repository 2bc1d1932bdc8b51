"""ocrgen: train generators of handwritten digits, and measure what their images are worth to an OCR reader."""

__version__ = "0.1.0"


class Problem(Exception):
    """A fault that the user can mend; its text names the thing at fault and says what to do."""
