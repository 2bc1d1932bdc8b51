"""Readers trained in a second or two, and pictures for them to read."""

import io

import numpy as np
from PIL import Image

from ocrgen.datasets import load_data
from ocrgen.readers.request import ReaderRequest
from ocrgen.readers.runs import run_reader
from ocrgen.runs import jobs


def train(store, label: str = "", **settings):
    """A reader of the bundled digits, or of another data set, trained here in a second or two."""
    request = ReaderRequest(**{"dataset": "digits", "steps": 80} | settings)
    run = store.create("reader", request.model_dump(), "reader", label)
    assert jobs.execute(run, store, lambda run, stop: run_reader(run, stop, lambda step, total: None)) == "done"
    return run


def picture(digits: list[int]) -> bytes:
    """Real digits of the test set in a row, dark on light paper, as a PNG."""
    test = load_data("digits").test
    row = np.concatenate([np.pad(test.images[test.labels == d][0], 10) for d in digits], 1)
    buffer = io.BytesIO()
    Image.fromarray(255 - np.kron(row, np.ones((6, 6), np.uint8))).save(buffer, "PNG")
    return buffer.getvalue()
