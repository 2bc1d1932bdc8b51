"""Subsets are stratified, and held-out parts share no writer."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrgen.datasets import load_data
from ocrgen.datasets.base import hold_out

DIGITS = load_data("digits").train


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 1317), seed=st.integers(0, 2**32))
def test_subset_is_stratified_and_seeded(n, seed):
    subset = DIGITS.subset(n, seed)
    assert len(subset) == n
    assert subset.fingerprint == DIGITS.subset(n, seed).fingerprint
    assert (np.abs(subset.counts - DIGITS.counts * n / len(DIGITS)) < 1).all()
    assert len({image.tobytes() for image in subset.images}) == n


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), writers=st.integers(2, 40))
def test_hold_out_keeps_writers_apart(seed, writers):
    named = replace(DIGITS, writers=np.arange(len(DIGITS)) % writers)
    rest, held = hold_out(named, seed=seed)
    assert not set(rest.writers.tolist()) & set(held.writers.tolist())
    assert len(rest) + len(held) == len(DIGITS) and len(held)
