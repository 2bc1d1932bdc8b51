"""The left half of the Train page: the form of a new run."""

from typing import TYPE_CHECKING

import streamlit as st

from ocrgen import datasets
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.ui.shared import journey, uploads
from ocrgen.ui.shared.address import give, take
from ocrgen.ui.shared.cache import load_data_set, store
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.quickstart import show_new, start
from ocrgen.ui.shared.widgets import run_title, show_errors
from ocrgen.ui.train import own_data
from ocrgen.ui.train.settings import changes, settings_form
from ocrgen.utils.errors import UserError
from ocrgen.utils.progress import duration

if TYPE_CHECKING:
    from ocrgen.generators.config import TrainRequest

PRESETS = {
    "fast": "our recipe",
    "paper": "architecture and settings as published, far slower",
    "handwriting": "the paths of a pen, bent and slanted",
    "print": "outlines of the fonts, hardly changed",
}


def new_run() -> None:
    """The form of a new run, drawn from the settings of the chosen generator; Start stands above what is rarely set."""
    from ocrgen.generators import generators
    from ocrgen.generators.config import TrainConfig, describe, request_of

    known = generators()
    with st.container(border=True):
        top = st.container()
        with st.expander("Use your own data", expanded="own" in st.query_params):
            own_data.bring()
        with top:
            dataset, missing = _data_set()
        model = st.segmented_control(
            "Generator",
            list(known),
            default="cvae",
            format_func=lambda n: known[n].title,
            key="train_model",
            required=True,
            width="stretch",
        )
        presets = known[model].presets
        first = known[model].default_preset()
        preset = st.segmented_control(
            "Preset", list(presets), default=first, key="train_preset", required=True, width="stretch",
            help="; ".join(f"{name}: {PRESETS[name]}" for name in presets if name in PRESETS) or None,
        )  # fmt: skip
        if not known[model].trains:
            st.caption("Drawn from fonts and pen strokes: made at once, without training and without a labelled image.")
        default, about = TrainConfig(), TrainConfig.model_fields["epochs"].description
        epochs = st.number_input("Epochs", 1, 500, None, key="train_epochs", placeholder="auto", help=about)
        label = st.text_input("Name (optional)", key="train_label", max_chars=80, placeholder="a label of your own")
        begin = st.container()
        with st.expander("All settings", icon=":material/tune:"):
            # The key carries model and preset: another choice starts from its own values.
            start_values = {f"train_{model}_{preset}": presets[preset], "train_loop": default}
            config, train = settings_form(start_values, skip=["fonts", "epochs"])
        with begin:
            try:
                request = request_of(model, dataset, preset, train | {"epochs": epochs or 0}, config)
            except UserError as fault:
                st.error(str(fault))
                return
            if different := [*changes(presets[preset], config), *changes(default, train)]:
                st.caption(literal(f"Changed: {'; '.join(different)}."))
            if known[model].trains and not missing:
                show_errors(lambda: st.caption(length(request)))
            _start(request, label, disabled=bool(missing))
        with st.expander("Command line", icon=":material/terminal:"):
            st.code(describe(request), language=None, wrap_lines=True)


def _data_set() -> tuple[str, str | None]:
    """The choice of a data set, with what it was understood as; also what is missing of it, if anything."""
    titles, sources = uploads.data_sets(), datasets.sources()

    def read(texts: list[str]) -> str | None:
        if (named := uploads.identified(texts[0])) is None:
            st.warning(f"The link names a data set that is not here: {literal(texts[0][:80])}. Bring it below.")
        return named

    take("data", "train_dataset", read)
    if st.session_state.get("train_dataset") not in titles:
        on_its_way = st.session_state.get(journey.CHOSEN)
        st.session_state["train_dataset"] = on_its_way if on_its_way in titles else next(iter(titles))
    dataset = st.selectbox(
        "Data set", list(titles), format_func=titles.__getitem__, key="train_dataset", persist_state="session"
    )
    give("data", [uploads.ident(dataset)])
    journey.choose(dataset)
    missing = sources[dataset].missing(datasets.data_root()) if dataset in sources else None
    if missing:
        st.info(missing)
        if hasattr(sources[dataset], "download"):
            download(dataset)
        return dataset, missing
    if dataset in sources:
        st.caption(sources[dataset].ABOUT)
    show_errors(lambda: st.caption(understood(dataset, str(datasets.data_root()))))
    if own := uploads.found().get(dataset):
        st.button("Look at them", key="train_own_look", on_click=own_data.look_at, args=(own, titles[dataset]))
    return dataset, None


def _start(request: "TrainRequest", label: str, disabled: bool) -> None:
    """The button that starts the training, and what came of it."""
    if not st.button("Start training", type="primary", width="stretch", disabled=disabled, key="train_start"):
        return
    ahead = sum(run.alive for run in store().own())

    def begin() -> None:  # the runs are drawn after the form, and so include the new one
        run = start(request, label)
        show_new(run)
        told = f"Started: {literal(run_title(run))}"
        if ahead >= jobs.slots():
            told = f"Queued: {literal(run_title(run))}, behind {ahead} other job{'s' * (ahead > 1)}"
        st.success(told, icon=":material/check_circle:")
        st.toast(told, icon=":material/check_circle:")

    show_errors(begin)


def length(request: "TrainRequest") -> str:
    """How long a training is, in words: epochs, steps, and minutes where earlier ones tell how fast this machine is."""
    from ocrgen.generators.base import ModelConfig
    from ocrgen.generators.config import length_of
    from ocrgen.generators.forecast import seconds_per_step

    if not isinstance(request.config, ModelConfig):
        return ""
    train = load_data_set(request.dataset, str(datasets.data_root())).train
    it = length_of(train, request.config.batch, request.train.epochs)
    told = f"{it.epochs:,} epoch{'s' * (it.epochs != 1)}, {it.steps:,} steps"
    if not request.train.epochs:
        told = f"Auto: {told}"
    each = seconds_per_step(request, store().own())
    if not each:
        return told
    seconds = each * it.steps
    about = f"{round(seconds / 60)} min" if 90 <= seconds < 5400 else duration(seconds)
    return f"{told}, about {about} on this machine"


@st.cache_data(max_entries=16, show_spinner="Reading the data …")
def understood(dataset: str, root: str) -> str:
    """What a data set was understood as; `root`, the folder of the data, is part of the cache key."""
    from ocrgen.readers.understanding import headline_of

    try:
        return literal(headline_of(load_data_set(dataset, root)))
    except UserError as fault:
        raise UserError(uploads.without_folder(str(fault))) from fault


def download(dataset: str) -> None:
    """Fetch a data set as a job, and say how that goes."""

    def last_job() -> list[Run]:
        return [r for r in store().list("download") if r.request.dataset == dataset][-1:]

    def start() -> None:
        if st.button("Download it", key="train_download"):
            show_errors(jobs.start, store(), "download", {"dataset": dataset}, f"download-{dataset}")
            st.rerun(scope="fragment")

    job_progress(last_job, lambda status: "Downloading …", idle=start)
