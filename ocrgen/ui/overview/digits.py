"""Real digits beside each generator's, from the sheets that trainings leave: nothing is drawn anew, nothing waits."""

import io
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from ocrgen import datasets
from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.ui.shared import selection as choices
from ocrgen.ui.shared.cache import load_data_set, store
from ocrgen.ui.shared.widgets import link
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError

ROWS = 4
SIDE = 28
TITLES = {"cvae": "CVAE", "cgan": "CGAN"}


def pick(runs: list[Run]) -> dict[str, Run]:
    """One run of each kind of generator, all of one data set.

    The data set with most kinds, MNIST before others, then the newest; of a kind a finished run before others, then the
    last of `runs`.
    """
    by_data: dict[str, dict[str, Run]] = {}
    for run in sorted(runs, key=lambda r: r.state == "done"):
        by_data.setdefault(run.request.dataset, {})[run.request.model] = run
    if not by_data:
        return {}
    newest = {name: max(r.request.created for r in kinds.values()) for name, kinds in by_data.items()}
    name = max(by_data, key=lambda n: (len(by_data[n]), n == "mnist", newest[n]))
    order = {model: i for i, model in enumerate(TITLES)}
    return dict(sorted(by_data[name].items(), key=lambda kv: (order.get(kv[0], len(order)), kv[0])))


@st.cache_data(max_entries=16, show_spinner=False)
def sheet(path: str, changed: int) -> bytes:
    """The first rows of a sheet of samples, as PNG. UserError if the file is damaged."""
    file = Path(path)
    try:
        verify(file)
        pixels = np.asarray(Image.open(file, formats=["PNG"]).convert("L"))
        return laid_out(pixels.reshape(-1, SIDE, 10, SIDE).swapaxes(1, 2)[:ROWS])
    except (OSError, ValueError, SyntaxError) as fault:
        raise UserError(f"{file.parents[1].name}: samples/{file.name} is damaged and not shown.") from fault


@st.cache_data(max_entries=4, show_spinner="Reading the data …")
def real_sheet(dataset: str, root: str) -> bytes:
    """Real training images of a data set, laid out in the same way. UserError if the data are not at hand."""
    train = load_data_set(dataset, root).train
    rng = np.random.default_rng(0)
    picked = [np.resize(rng.permutation(np.flatnonzero(train.labels == d)), ROWS) for d in range(10)]
    return laid_out(train.images[np.stack(picked, 1)])


def laid_out(images: np.ndarray, gap: int = 2, zoom: int = 3) -> bytes:
    """Images uint8 (rows, 10, 28, 28) as one sheet, PNG."""
    padded = np.pad(images, ((0, 0), (0, 0), (0, gap), (0, gap)), constant_values=48)
    rows, columns, high, wide = padded.shape
    flat = padded.swapaxes(1, 2).reshape(rows * high, columns * wide)[:-gap, :-gap]
    picture = Image.fromarray(flat)
    buffer = io.BytesIO()
    picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def show() -> None:
    """Three sheets side by side; one click to the first digits where there are none."""
    st.header("Real digits, and digits that nobody wrote")
    runs = pick([r for r in store().list("train") if r.grids()])
    if not runs:
        choices.nothing_yet("overview")
        return
    first = next(iter(runs.values()))
    dataset = first.request.dataset
    name = datasets.title(dataset)
    places = st.columns(1 + len(runs))
    with places[0]:
        choices.heading(f"Real: {name}", charts.REAL)
        place(real, list(runs.values()), alt=f"Real handwriting from {name}: {ROWS} of each digit 0 to 9")
        st.caption("Written by people; what the generators learned from.")
    for column, (model, run) in zip(places[1:], runs.items(), strict=True):
        with column:
            title = TITLES.get(model, model)
            choices.heading(title, charts.hue(model))
            grids = run.grids()
            best = run.read_status().best_epoch
            epoch = best if best in grids else max(grids)
            place(grid, grids[epoch], alt=f"{title}: {ROWS} generated images of each digit 0 to 9")
            seen = run.request.n_images("train")
            about = f"After epoch {epoch}" + (f"; {seen:,} labelled images seen." if seen else ".")
            st.caption(about)
            link("3_Gallery", f"More by this {title}", query_params={"run": run.name}, icon=":material/grid_view:")


def grid(file: Path) -> bytes:
    """The sheet of one epoch."""
    return sheet(str(file), file.stat().st_mtime_ns)


def real(runs: list[Run]) -> bytes:
    """What the generators learned from: the sheet that a training kept, else the data themselves."""
    kept = next((f for r in runs if (f := r.path / "samples" / "real.png").exists()), None)
    if kept:
        return grid(kept)
    return real_sheet(runs[0].request.dataset, str(datasets.data_root()))


def place(draw, source, alt: str) -> None:
    """A sheet, or one line on why there is none."""
    try:
        st.image(draw(source), width="stretch", alt=alt)
    except UserError as fault:
        st.info(str(fault))
