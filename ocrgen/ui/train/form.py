"""The left half of the Train page: the form of a new run."""

import streamlit as st

from ocrgen import datasets
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.cache import load_data_set, store
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.quickstart import show_new, start
from ocrgen.ui.shared.widgets import (
    settings_form,
    show_errors,
)
from ocrgen.ui.train import own_data

PRESETS = {
    "fast": "our recipe",
    "paper": "architecture and settings as published, far slower",
    "handwriting": "the paths of a pen, bent and slanted",
    "print": "outlines of the fonts, hardly changed",
}


def new_run() -> None:
    """The form of a new run, drawn from the settings of the chosen generator."""
    from ocrgen.generators import generators
    from ocrgen.generators.config import TrainConfig, TrainRequest, describe

    known, sources = generators(), datasets.sources()
    with st.container(border=True):
        top = st.container()
        with st.expander("Use your own data", expanded="own" in st.query_params):
            own_data.bring()
        with top:
            titles = uploads.data_sets()
            dataset = st.selectbox("Data set", list(titles), format_func=titles.__getitem__, key="train_dataset")
            missing = sources[dataset].missing(datasets.data_root()) if dataset in sources else None
            if missing:
                st.info(missing)
                if hasattr(sources[dataset], "download"):
                    download(dataset)
            else:
                if dataset in sources:
                    st.caption(sources[dataset].ABOUT)
                show_errors(lambda: st.caption(understood(dataset, str(datasets.data_root()))))
                if own := uploads.found().get(dataset):
                    args = (own, titles[dataset])
                    st.button("Look at them", key="train_own_look", on_click=own_data.look_at, args=args)
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
        with st.expander("All settings"):
            # The key carries model and preset: another choice starts from its own values.
            config = settings_form(presets[preset], f"train_{model}_{preset}", skip=["fonts"])
            train = settings_form(default, "train_loop", skip=["epochs"]) | {"epochs": epochs or 0}
        pressed = st.button(
            "Start training", type="primary", width="stretch", disabled=bool(missing), key="train_start"
        )
        if pressed:  # the runs are drawn after the form, and so include the new one
            show_errors(lambda: show_new(start(model, dataset, preset, train, config, label)))
        with st.expander("The same from a shell"):
            request = TrainRequest.model_validate(
                {"dataset": dataset, "model": model, "preset": preset, "train": train, "config": config}
            )
            st.code(describe(request), language=None, wrap_lines=True)


@st.cache_data(max_entries=16, show_spinner="Reading the data …")
def understood(dataset: str, root: str) -> str:
    """What a data set was understood as; `root`, the folder of the data, is part of the cache key."""
    from ocrgen.readers.understanding import headline_of

    return literal(headline_of(load_data_set(dataset, root)))


def download(dataset: str) -> None:
    """Fetch a data set as a job, and say how that goes."""

    def last_job() -> list[Run]:
        return [r for r in store().list("download") if r.request.dataset == dataset][-1:]

    def start() -> None:
        if st.button("Download it", key="train_download"):
            show_errors(jobs.start, store(), "download", {"dataset": dataset}, f"download-{dataset}")
            st.rerun(scope="fragment")

    job_progress(last_job, lambda status: "Downloading …", idle=start)
