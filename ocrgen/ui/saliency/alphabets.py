"""What can be read: a script for each data set, or set of typed characters, that OCR models have learned."""

import zlib
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.datasets import classes_of_run, sources
from ocrgen.datasets.alphabet import AlphabetError, are_digits, is_rtl, noun, shown, summary
from ocrgen.readers.runs import readers
from ocrgen.runs.run import Run
from ocrgen.ui.shared.address import slug
from ocrgen.ui.shared.cache import store

SCRIPTS = {
    "mnist": "Western digits (MNIST)",
    "arabic": "Arabic-Indic digits (MAHDBase)",
    "arabic-letters": "Arabic letters (AHCD)",
    "digits": "Western digits (bundled)",
}
LISTED = 8  # characters that were typed; of more, the first three and the last
_RTL_ISOLATE = "\u2067{}\u2069"  # a list that is read from right to left, within a line that is not


@dataclass
class Alphabet:
    """What knows the same classes: the runs of OCR models, and of studies that have kept theirs."""

    dataset: str
    classes: tuple[str, ...]
    readers: list[Run] = field(default_factory=list)
    studies: list[Run] = field(default_factory=list)

    @property
    def read(self) -> str:
        """What its OCR models read: of what was typed the first few, since two may well be of one size."""
        if self.dataset:
            return summary(self.classes)
        if are_digits(self.classes):
            isolate = _RTL_ISOLATE if is_rtl(self.classes[0]) else "{}"
            return f"{isolate.format(self.classes[0])} to {isolate.format(self.classes[-1])}"
        few = len(self.classes) <= LISTED
        texts = " ".join(self.classes if few else [*self.classes[:3], "…", self.classes[-1]])
        listed = _RTL_ISOLATE.format(texts) if all(map(is_rtl, self.classes)) else " ".join(map(shown, texts.split()))
        return listed if few else f"{listed} ({len(self.classes)} {noun(self.classes)}s)"

    @property
    def title(self) -> str:
        """The data set's name, and what is in it."""
        if not self.dataset:
            return f"Typed: {self.read}"
        return SCRIPTS.get(self.dataset) or f"{datasets.title(self.dataset)} ({summary(self.classes)})"

    @property
    def name(self) -> str:
        """A name for the address: of own data and of typed characters a short one, without any path."""
        if self.dataset in sources():
            return self.dataset
        stem = Path(self.dataset).stem if self.dataset else f"typed {''.join(self.classes)[:8]}"
        return f"{slug(stem)}-{zlib.crc32(repr((self.dataset, self.classes)).encode()):08x}"


def alphabets() -> dict[str, Alphabet]:
    """What can be read, by name, that of the newest OCR model first; of studies alone, after these.

    Where own data have changed since, those that read its earlier classes stand by themselves.
    """
    found: dict[str, Alphabet] = {}
    # One at work has weights a moment before it says what they read.
    ended = [run for run in reversed(readers(store())) if not run.alive]
    studies = [run for run in store().list("study") if any((run.path / "readers").glob("reader-*"))]
    for run in [*ended, *reversed(studies)]:
        try:
            alphabet = Alphabet(run.request.dataset, classes_of_run(run))
        except AlphabetError as fault:
            st.error(f"{run.name} is damaged: {fault}")
            continue
        name = alphabet.name
        while name in found and found[name].classes != alphabet.classes:
            name += "′"
        alphabet = found.setdefault(name, alphabet)
        (alphabet.studies if run in studies else alphabet.readers).insert(0, run)
    return found


def script_of(known: dict[str, Alphabet], run: Run) -> str | None:
    """The name of what a run of any kind is about, if it can be read here."""
    try:
        dataset, classes = run.request.dataset, classes_of_run(run)
    except AlphabetError:
        return None
    return next((name for name, a in known.items() if (a.dataset, a.classes) == (dataset, classes)), None)
