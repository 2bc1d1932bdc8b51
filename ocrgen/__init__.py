"""ocrgen: train generators of handwritten characters, and measure what their images are worth to OCR."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocrgen.api import draw_samples, fid, load_data, read_image, run_study, train_generator

__version__ = "0.1.0"
__all__ = ["__version__", "draw_samples", "fid", "load_data", "read_image", "run_study", "train_generator"]


def __getattr__(name: str):
    """The functions of `ocrgen.api`, imported at their first use: `import ocrgen` itself is quick."""
    if name in __all__:
        from ocrgen import api

        return getattr(api, name)
    raise AttributeError(f"module 'ocrgen' has no attribute {name!r}")
