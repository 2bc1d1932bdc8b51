"""A user's own data on the page Train: bring them, see what was understood, turn, invert or drop them, use them."""

from pathlib import Path

import pandas as pd
import streamlit as st

from ocrgen.datasets.alphabet import noun
from ocrgen.readers.orientation import TRANSPOSED
from ocrgen.readers.understanding import EACH, INVERT, Understanding, open_named, understand
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.sheets import class_sheet
from ocrgen.utils.errors import UserError

ABOUT = (
    "A zip with a folder per class, named after it (0 to 9, letters, words); CSV, Parquet, .mat, .npz; "
    "IDX or .npy files of images and of labels, together"
)
WHOLE = (".zip", ".npz", ".mat", ".parquet")  # each a data set by itself; files of other kinds may belong together
# What is looked at: the path, the name that the user gave, and the changes so far; whether the dialog is closed; files
# that have been taken; the name of what has just been put to use.
PATH, NAME, CHANGES = "train_own_path", "train_own_name", "train_own_changes"
CLOSED, SEEN, USED = "train_own_closed", "train_own_seen", "train_own_used"


def bring() -> None:
    """A drop zone, and a field for the path of larger sets; what arrives is looked at before it can be used."""
    files = st.file_uploader(ABOUT, accept_multiple_files=True, key="train_upload")
    fresh = [file for file in files if file.file_id not in st.session_state.get(SEEN, ())]
    if fresh:
        st.session_state[SEEN] = [file.file_id for file in files]
        # One data set at a time: a new file of a kind that stands alone, or all the others together.
        whole = [file for file in fresh if file.name.lower().endswith(WHOLE)]
        chosen = whole or [file for file in files if not file.name.lower().endswith(WHOLE)]
        if len(whole) > 1:
            st.error(f"Bring one data set at a time; these are {len(whole)}: {', '.join(f.name for f in whole)}.")
        else:
            name = " and ".join(file.name for file in chosen)
            _arrive(name, lambda: uploads.receive([(file.name, file.getvalue()) for file in chosen]))
    with st.form("train_path_form", border=False):
        text = st.text_input(
            "Or a path, for more than 200 MB", key="train_path", placeholder="/data/emnist-byclass.mat",
            help="A file or folder on the machine that the lab runs on; folders of pictures, too.",
        )  # fmt: skip
        if st.form_submit_button("Read it", key="train_path_read") and text.strip():
            _arrive(text.strip(), lambda: uploads.read_path(text))
    if st.session_state.get(CLOSED):
        st.info(f"{literal(st.session_state[NAME])} has been read, and waits for your decision.")
        st.button("Look at it", key="train_own_again", on_click=lambda: st.session_state.pop(CLOSED))


def _arrive(name: str, read) -> None:
    try:
        with st.spinner("Reading and checking …"):
            path = read()
    except UserError as problem:
        st.error(literal(str(problem)))
        return
    look_at(path, name)


def look_at(path: Path, name: str) -> None:
    """Let `panel` show what was understood of the data at a path."""
    st.session_state.update({PATH: str(path), NAME: name, CHANGES: ()})
    st.session_state.pop(CLOSED, None)


@st.cache_resource(max_entries=8, show_spinner="Looking at the data …")
def _understood(path: str, changed: int, changes: tuple[str, ...], name: str) -> Understanding:
    return understand(open_named(Path(path), changes, name))


def panel() -> None:
    """What was understood of the data that have arrived, and what to do with them; nothing if none have."""
    if used := st.session_state.pop(USED, ""):
        st.toast(f"{literal(used)} is chosen: start a training of it.", icon=":material/check_circle:")
    if PATH in st.session_state and not st.session_state.get(CLOSED):
        _dialog()


def _dismiss() -> None:
    """Close the dialog without a decision: what has just been brought waits, what is in use stays."""
    if st.session_state.get(PATH) in uploads.found():
        _close()
    else:
        st.session_state[CLOSED] = True


@st.dialog("What was understood", width="large", on_dismiss=_dismiss)
def _dialog() -> None:
    if PATH not in st.session_state:  # decided on by the button that was just pressed
        st.rerun()
    path, name, changes = (st.session_state[key] for key in (PATH, NAME, CHANGES))
    try:
        told = _understood(path, Path(path).stat().st_mtime_ns, changes, name)
    except (OSError, UserError) as problem:
        _close()
        words = uploads.without_folder(str(problem)) if isinstance(problem, UserError) else f"{name} is gone."
        st.error(literal(f"{words} Bring it again." if isinstance(problem, OSError) else words))
        return
    st.markdown(f"**{literal(name)}**")
    _decide(path, told)
    _show(told)


def _decide(path: str, told: Understanding) -> None:
    """The orientation with its figures, and the buttons; the one to press first is primary."""
    fine = told.orientation.upright
    st.markdown(literal(told.headline))
    st.markdown("\n".join(f"- {literal(note)}" for note in told.notes))
    (st.markdown if fine else st.warning)(literal(told.orientation.told))
    if told.fault:
        st.error(literal(told.fault))
    if fault := st.session_state.pop("train_own_fault", ""):
        st.error(literal(fault))
    accepted = path in uploads.found()
    users = [run for run in store().own() if run.state != "damaged" and run.request.dataset == path]
    about = f"{len(users)} runs here are about them, and will miss them." if users else "Remove them from the lab."
    with st.container(horizontal=True):
        if not fine:
            looks = told.orientation.looks
            st.button("Turn them", type="primary", key="train_own_turn", on_click=_change, args=(looks,))
        st.button(
            "Use these data" if fine else "Use them as they are", type="primary" if fine else "secondary",
            disabled=bool(told.fault), key="train_own_use", on_click=_use, args=(path,),
        )  # fmt: skip
        for label, change, help in (
            ("Transpose", TRANSPOSED, "Exchange rows and columns, as EMNIST's files need it."),
            ("Invert", INVERT, "Exchange ink and paper."),
        ):
            st.button(label, key=f"train_own_{label.lower()}", on_click=_change, args=(change,), help=help)
        if accepted:
            st.button("Close", key="train_own_close", on_click=_close)
        st.button("Drop", key="train_own_drop", on_click=_drop, args=(path,), help=about)


def _change(change: str) -> None:
    """One change more; the same one twice, if it undoes itself, is none."""
    changes = st.session_state[CHANGES]
    undone = changes[-1:] == (change,) and not change.startswith("turned")
    st.session_state[CHANGES] = changes[:-1] if undone else (*changes, change)


def _use(path: str) -> None:
    """Keep the data as they are shown, and choose them in the form."""
    name, changes = st.session_state[NAME], st.session_state[CHANGES]
    try:
        accepted = uploads.accept(open_named(Path(path), changes, name), Path(path))
    except UserError as problem:
        st.session_state["train_own_fault"] = uploads.without_folder(str(problem))
        return
    st.session_state["train_dataset"] = str(accepted)
    st.session_state[USED] = name
    st.query_params.pop("own", None)
    _close()


def _drop(path: str) -> None:
    uploads.drop(Path(path))
    _close()


def _close() -> None:
    for key in (PATH, NAME, CHANGES, CLOSED):
        st.session_state.pop(key, None)


def _show(told: Understanding) -> None:
    """Pictures with their labels, and the images of each class in each part."""
    sheet, counts = st.columns([3, 2], gap="large")
    kind = noun(told.classes)
    with sheet:
        alt = f"The first {EACH} pictures of each of {len(told.classes)} {kind}s of {told.name}"
        class_sheet(told.sample, told.classes, EACH, alt, labels=True, least=40)
    with counts:
        table = pd.DataFrame(told.table).rename(columns=str.capitalize)
        st.dataframe(table, hide_index=True, height=min(38 + 35 * len(table), 420), key="train_own_counts")
