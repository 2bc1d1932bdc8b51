"""The OCR models that the page Saliency compares: all of one data set, so that they know the same characters."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ocrgen.generators import generators
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.network import Reader
from ocrgen.readers.request import ReaderRequest
from ocrgen.readers.runs import FILE, geometry_of
from ocrgen.runs.run import Run
from ocrgen.study.export import kept_readers
from ocrgen.ui.saliency import typed
from ocrgen.ui.saliency.alphabets import Alphabet, alphabets, script_of
from ocrgen.ui.saliency.input import Script, clear_drawing
from ocrgen.ui.shared.address import give, one_of, take
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.widgets import model_title, noun_of, run_title, show_errors
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import PROGRAM

COMPARED, MOST = 3, 4  # OCR models, at first and at most
SCRIPT, POPOVER = 270, 480  # pixels: widths of the lists
NO_STUDY = "none"


@dataclass(frozen=True)
class ReaderChoice:
    """An OCR model that can be chosen, a run of its own or one that a study has kept.

    name: unique. title: what it has learned from, in a few words; heading and about: the same in two parts. source:
    "real", or the generator whose images it has learned from.
    """

    name: str
    title: str
    heading: str
    about: str
    file: Path
    dataset: str
    source: str
    accuracy: float

    @property
    def mark(self) -> str:
        """What tells it from others, and from what stood in its file before. FileNotFoundError if it is gone."""
        return f"{self.file} {self.file.stat().st_mtime_ns}"


@st.cache_resource(max_entries=24, show_spinner="Loading the OCR models …")
def _load(mark: str, _file: Path):
    return load_reader(_file)


def title(run: Run) -> str:
    """What an OCR model has learned from, in a few words."""
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
    n, words, file = request.n_labelled or 0, title(run), run.path / "weights" / FILE
    about = f"{n:,} labelled images" if n else "no labelled images"
    source = request.learned_from or "real"
    return ReaderChoice(run.name, words, words, about, file, request.dataset, source, request.accuracy or 0.0)


@st.cache_data(max_entries=16, show_spinner=False)
def _of_study(path: str, changed: int) -> list[ReaderChoice]:
    run = Run(Path(path))
    choices = []
    for kept in kept_readers(run):
        labelled = "no labels" if kept.arm.alone else f"{kept.n_labelled:,} labelled"
        name, words = f"{run.name}/{kept.key}", f"{kept.arm.title}, {labelled} (study #{run.number})"
        about, source = f"{labelled}, study #{run.number}", kept.arm.generator or "real"
        dataset = run.request.dataset
        choices.append(ReaderChoice(name, words, kept.arm.title, about, kept.file, dataset, source, kept.accuracy))
    return choices


def first_reader() -> None:
    """What to do where there is no OCR model: one click trains one."""
    with st.container(border=True):
        st.subheader("No OCR models yet")
        st.write(
            "One for the bundled digits is trained in half a minute, one for characters that you type below in a "
            "minute. Command line for others:"
        )
        st.code(f"{PROGRAM} reader --dataset mnist --augment", language=None, wrap_lines=True)
        if st.button("Train an OCR model on the bundled digits", type="primary", key="saliency_quick"):
            show_errors(typed.start, ReaderRequest(dataset="digits", augment=True, steps=800), "reader-digits")


def choose() -> list[ReaderChoice]:
    """The script, and the OCR models of it that are compared, one of each kind at first; empty while there are none.

    All in one line, with the field for characters of one's own at its end.
    """
    known = alphabets()
    if not known:
        first_reader()
        typed.offer()
        return []
    _follow_link(known)
    own = None
    for name, alphabet in known.items():
        if own := typed.take_own([run.name for run in alphabet.readers]):
            st.session_state["saliency_data"], st.session_state["saliency_readers"] = name, [own]
            clear_drawing()  # which was meant for others
            st.toast(f"The OCR model for {literal(alphabet.read)} is ready.", icon=":material/check:")
            break
    with st.container(horizontal=True, vertical_alignment="bottom"):
        script: str = one_of(
            st.selectbox, "Script", sorted(known, key=lambda name: not known[name].dataset), name="script",
            key="saliency_data", default=next(iter(known)), format_func=lambda name: known[name].title, width=SCRIPT,
            help="Handwriting of a data set, or typed characters, learned from rendered images alone. Only OCR models "
            "of one script can be compared.",
        )  # fmt: skip
        alphabet = known[script]
        offered = [_of_run(run) for run in alphabet.readers]
        if alphabet.studies and (study := _study(alphabet, bool(own))):
            kept = _of_study(str(study.path), (study.path / "readers").stat().st_mtime_ns)
            offered = [*kept, *offered]
        here = {choice.name: choice for choice in offered}
        chosen: list[str] | None = st.session_state.get("saliency_readers")
        if chosen is None or not set(chosen) <= set(here):
            chosen = [n for n in chosen or [] if n in here] or _first(offered)
            st.session_state["saliency_readers"] = chosen
        with st.popover(f"OCR models: {len(chosen)} of {len(here)}", key="saliency_models"):
            chosen = st.multiselect(
                "OCR models, by their training images", list(here), format_func=lambda n: here[n].title,
                key="saliency_readers", max_selections=MOST, persist_state="session", width=POPOVER,
            )  # fmt: skip
        give("run", chosen)
        typed.field()
    typed.progress()
    if not chosen:
        st.info("Choose at least one OCR model to compare.")
    return [here[n] for n in chosen]


def _follow_link(known: dict[str, Alphabet]) -> None:
    """Choose what a link names: a study (`?study=NAME`), OCR models (`?run=NAME`), or runs about a script."""

    def turn_to(script: str) -> None:
        if "script" not in st.query_params:
            st.session_state["saliency_data"] = script

    def read_study(names: list[str]) -> str | None:
        for script, alphabet in known.items():
            if names[0] in [run.name for run in alphabet.studies]:
                turn_to(script)
                _forget()
                return names[0]
        if names[0] != NO_STUDY:
            st.warning(
                f"The link names a study that keeps no OCR models here: {literal(names[0][:80])}. A study keeps those "
                "of its first seed as soon as they are trained, on the machine that it runs on."
            )
        return None

    def read_runs(names: list[str]) -> list[str] | None:
        found = []
        for name in names[:MOST]:
            run_name = name.partition("/")[0]
            for script, alphabet in known.items():
                kept = run_name in [run.name for run in alphabet.studies]
                if kept:
                    st.session_state["saliency_of"] = run_name
                if kept or name in [run.name for run in alphabet.readers]:
                    turn_to(script)
                    found.append(name)
        if found:
            return found
        run = next((run for run in store().list() if run.name == names[0]), None)
        if run is None:
            st.warning(f"The link names an OCR model that is not here: {literal(names[0][:80])}.")
        elif script := script_of(known, run):
            turn_to(script)
        return None

    take("study", "saliency_of", read_study)
    take("run", "saliency_readers", read_runs)


def _study(alphabet: Alphabet, own: bool) -> Run | None:
    """The study whose OCR models are offered; the newest at first where there are no others.

    own: whether an OCR model outside all studies has just been trained, and is to be shown.
    """
    studies = {run.name: run for run in reversed(alphabet.studies)}
    names = [*([NO_STUDY] if alphabet.readers else []), *studies]
    if own:
        st.session_state["saliency_of"] = names[0]
    name = one_of(
        st.selectbox, "OCR models from", names, name="study", key="saliency_of", width=SCRIPT, on_change=_forget,
        format_func=lambda n: run_title(studies[n]) if n in studies else "individual trainings",
        help="A study keeps the OCR models of all training mixes of its first seed.",
    )  # fmt: skip
    return studies.get(name)


def _forget() -> None:
    """Forget which OCR models were chosen: of another study others are."""
    st.session_state.pop("saliency_readers", None)


def _first(offered: list[ReaderChoice]) -> list[str]:
    """The names of the OCR models that are compared at first: of a study's, if there are any, the best of each kind."""
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
            net, metadata = _load(choice.mark, choice.file)
            script = script or Script(choice.dataset, net.classes, geometry_of(metadata), net, choice.mark)
        except FileNotFoundError:
            st.error(f"The OCR model trained on {choice.title} has been deleted: reload the page.")
            continue
        except UserError as fault:
            st.error(str(fault))
            continue
        if net.classes == script.classes:
            loaded[choice] = net
        else:
            st.error(f"{choice.name} reads other classes than its run says: it is left out.")
    return loaded, script
