"""The readers that the page Saliency compares: all of one data set, so that they know the same characters."""

from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.datasets import classes_of_run
from ocrgen.datasets.alphabet import AlphabetError, shown, summary
from ocrgen.generators import generators
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.network import Reader
from ocrgen.readers.request import ReaderRequest
from ocrgen.readers.runs import FILE, geometry_of, readers
from ocrgen.runs.run import Run
from ocrgen.study.export import kept_readers
from ocrgen.ui.saliency import typed
from ocrgen.ui.saliency.input import Script, clear_drawing
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.widgets import model_title, noun_of, run_title, show_errors
from ocrgen.utils.errors import UserError

SCRIPTS = {"mnist": "Western digits (MNIST)", "arabic": "Arabic-Indic digits", "digits": "Bundled digits"}
COMPARED = 3  # readers, at first
LISTED = 10  # characters that were typed


@dataclass(frozen=True)
class ReaderChoice:
    """A reader that can be chosen, a run of its own or one that a study has kept.

    name: unique. title: what it has learned from, in a few words. source: "real", or the generator whose images it has
    learned from. n_labelled: how many labelled images it, or its generator, has seen.
    """

    name: str
    title: str
    file: Path
    dataset: str
    source: str
    n_labelled: int
    accuracy: float


@dataclass
class Alphabet:
    """What knows the same classes: the runs of readers, and of studies that have kept theirs."""

    dataset: str
    classes: tuple[str, ...]
    readers: list[Run] = field(default_factory=list)
    studies: list[Run] = field(default_factory=list)

    @property
    def read(self) -> str:
        """What its readers read, for Markdown: of what was typed the first few, since two may well be of one size."""
        if self.dataset:
            return summary(self.classes)
        texts = [shown(text) for text in self.classes]
        return literal(" ".join(texts if len(texts) <= LISTED else [*texts[: LISTED - 2], "…", texts[-1]]))

    @property
    def title(self) -> str:
        """The data set's name, and what is in it."""
        if not self.dataset:
            return f"Typed: {self.read}"
        return SCRIPTS.get(self.dataset) or f"{datasets.title(self.dataset)} ({summary(self.classes)})"


@st.cache_resource(max_entries=24, show_spinner="Loading the readers …")
def _load(file: str, changed: int):
    return load_reader(Path(file))


def title(run: Run) -> str:
    """What a reader has learned from, in a few words."""
    request, settings = run.request, run.request.settings
    source, kind = request.learned_from or "real", noun_of(run)
    words = f"real {kind}s" if source == "real" else f"{model_title(source)} {kind}s"
    if settings["n"]:
        words = f"{settings['n']:,} {words}"
    if source == "real" and settings["generator"]:
        words += " + rendered" if settings["generator"] == "rendered" else " + generated"
    return words + (" + augmentation" if settings["augment"] else "") + (f" “{request.label}”" if request.label else "")


def _of_run(run: Run) -> ReaderChoice:
    request = run.request
    source, n, accuracy = request.learned_from or "real", request.n_labelled or 0, request.accuracy or 0.0
    return ReaderChoice(run.name, title(run), run.path / "weights" / FILE, request.dataset, source, n, accuracy)


@st.cache_data(max_entries=16, show_spinner=False)
def _of_study(path: str, changed: int) -> list[ReaderChoice]:
    run = Run(Path(path))
    choices = []
    for kept in kept_readers(run):
        labelled = "no label" if kept.arm.alone else f"{kept.n_labelled:,} labelled"
        words = f"{kept.arm.title}, {labelled} (study #{run.number})"
        name, source = f"{run.name}/{kept.key}", kept.arm.generator or "real"
        choices.append(
            ReaderChoice(name, words, kept.file, run.request.dataset, source, kept.n_labelled, kept.accuracy)
        )
    return choices


def first_reader() -> None:
    """What to do where there is no reader: one click trains one."""
    with st.container(border=True):
        st.subheader("No readers yet")
        st.write(
            "A reader of the bundled digits is trained in half a minute, one of characters that you type below in a "
            "minute; others from a shell:"
        )
        st.code("python -m ocrgen reader --dataset mnist --augment", language=None, wrap_lines=True)
        if st.button("Train a reader of the bundled digits", type="primary", key="saliency_quick"):
            show_errors(typed.start, ReaderRequest(dataset="digits", augment=True, steps=800), "reader-digits")


def alphabets() -> dict[str, Alphabet]:
    """What can be read, by the data set's name, that of the newest reader first; of studies alone, after these.

    Where own data have changed since, readers of its earlier classes stand by themselves, under a name with a prime.
    """
    found: dict[str, Alphabet] = {}
    studies = [run for run in store().list("study") if any((run.path / "readers").glob("reader-*"))]
    # One at work has weights a moment before it says what they read.
    ended = [run for run in reversed(readers(store())) if not run.alive]
    for run in [*ended, *reversed(studies)]:
        try:
            classes = classes_of_run(run)
            name = run.request.dataset or f"typed {' '.join(classes)}"
        except AlphabetError as fault:
            st.error(f"{run.name} is damaged: {fault}")
            continue
        while name in found and found[name].classes != classes:
            name += "′"
        alphabet = found.setdefault(name, Alphabet(run.request.dataset, classes))
        (alphabet.studies if run in studies else alphabet.readers).insert(0, run)
    return found


def choose() -> list[ReaderChoice]:
    """Readers to compare, one of each kind by default, all of one script; empty while there are none."""
    known = alphabets()
    if not known:
        first_reader()
        return []
    if st.session_state.get("saliency_data") not in known:
        st.session_state["saliency_data"] = next(iter(known))
    own = None
    for name, alphabet in known.items():
        if own := typed.take_own([run.name for run in alphabet.readers]):
            st.session_state["saliency_data"] = name
            clear_drawing()  # which was meant for others
            st.toast(f"The reader of {alphabet.read} is ready.", icon=":material/check:")
            break
    if len(known) > 1:
        st.segmented_control(
            "Script", list(known), format_func=lambda name: known[name].title, key="saliency_data", required=True,
            wrap=True,
            help="Readers of one data set are offered at a time: they know the same characters, laid out alike.",
        )  # fmt: skip
    script: str = st.session_state["saliency_data"]
    alphabet = known[script]
    offered = [_of_run(run) for run in alphabet.readers]
    key = f"saliency_readers_{script}"
    if alphabet.studies:
        study = _study(alphabet, script)
        if study:
            offered = [*_of_study(str(study.path), (study.path / "readers").stat().st_mtime_ns), *offered]
            key += f"_{study.name}"
    here = {choice.name: choice for choice in offered}
    if own or not set(st.session_state.get(key, [""])) <= set(here):
        st.session_state[key] = [own] if own else _first(offered)
    chosen = st.multiselect(
        "Readers, by what they learned from", list(here), format_func=lambda n: here[n].title, key=key, max_selections=4
    )
    if len(known) > 1:
        st.caption(f"Only readers of one script compare; these read {alphabet.read}.")
    elif not alphabet.dataset:
        st.caption(f"Trained to read {alphabet.read}.")
    return [here[n] for n in chosen]


def _study(alphabet: Alphabet, script: str) -> Run | None:
    """The study whose readers are offered, too; the newest by default where there are no others."""
    studies = {run.name: run for run in reversed(alphabet.studies)}
    names = [*studies] if not alphabet.readers else ["", *studies]
    name = st.selectbox(
        "Readers of a study", names, format_func=lambda n: run_title(studies[n]) if n else "none",
        key=f"saliency_of_{script}", help="A study keeps the readers of all training mixes of its first seed.",
    )  # fmt: skip
    return studies.get(name)


def _first(offered: list[ReaderChoice]) -> list[str]:
    """The names of the readers that are compared at first: of a study's, if there are any, the best of each kind."""
    best: dict[str, ReaderChoice] = {}
    for choice in sorted([c for c in offered if "/" in c.name] or offered, key=lambda c: -c.accuracy):
        best.setdefault(choice.source, choice)
    order = ["real", *generators(), *best]
    return [best[source].name for source in sorted(best, key=order.index)][:COMPARED]


def load_all(choices: list[ReaderChoice]) -> tuple[dict[ReaderChoice, Reader], Script | None]:
    """The networks that can be read, and what they read; those that cannot, or that read something else, are named."""
    loaded, script = {}, None
    for choice in choices:
        try:
            changed = choice.file.stat().st_mtime_ns
            net, metadata = _load(str(choice.file), changed)
            judge = f"{choice.file} {changed}"
            script = script or Script(choice.dataset, net.classes, geometry_of(metadata), net, judge)
        except FileNotFoundError:
            st.error(f"The reader of {choice.title} has been deleted: reload the page.")
            continue
        except UserError as fault:
            st.error(str(fault))
            continue
        if net.classes == script.classes:
            loaded[choice] = net
        else:
            st.error(f"{choice.name} reads other classes than its run says: it is left out.")
    return loaded, script
