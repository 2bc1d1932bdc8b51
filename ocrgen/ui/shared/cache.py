"""What pages read again and again, kept in memory within bounds."""

import atexit
import gc
import json
import pickle
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore

LIVE = 0.9  # seconds for which what moves stands still: a little less than pages wait before they look again
WATCHING = 10.0  # seconds after which a session that has not looked again is not counted any more

# Arrow's strings take a third of a millisecond for each comparison, however short the column; pages make hundreds.
pd.set_option("mode.string_storage", "python")
# Arrow's own allocator keeps 45 MB of what reading six studies' tables took.
pa.set_memory_pool(pa.system_memory_pool())


def store() -> RunStore:
    """The runs, read from disk at each use: the folder is the truth."""
    return RunStore()


@st.cache_resource(show_spinner="Starting the lab …")
def warm() -> None:
    """Import what takes seconds once, with a word about it, rather than in the middle of a page."""
    # Nothing is compiled here. PyTorch does without Triton where it is missing, and its library takes 80 MB.
    sys.modules.setdefault("triton", None)  # pyright: ignore[reportArgumentType]
    import ocrgen.generators.training  # noqa: F401
    from ocrgen.utils.threads import limit_threads

    limit_threads(1)  # a dashboard that takes all cores slows the training that it shows
    freeze_gc()
    quietly = threading.Timer(15, _import_saliency)  # once the first pages stand
    quietly.daemon = True  # a server that stops does not wait for it
    quietly.start()


def _import_saliency() -> None:
    """Import what explains saliency, which takes seconds, before somebody waits for it."""
    # Where the interpreter is about to end, an import fails in many ways; of any other fault the page tells itself.
    with suppress(Exception):
        import pytorch_grad_cam  # noqa: F401

        freeze_gc()


def freeze_gc() -> None:
    """Take what is imported for good out of the garbage collector's sight.

    Half a million objects of torch and its company would make each full collection take 0.3 s, in which nobody is
    served.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else some complain at the end that they were never freed


@st.cache_resource(max_entries=4, show_spinner="Reading the data …")
def load_data_set(name: str, root: str):
    """Splits of a data set; `root` (the data root) is part of the key."""
    from ocrgen.datasets import load_data

    return load_data(name)


@st.cache_resource(max_entries=8, show_spinner="Loading the generator …")
def _generator(path: str, changed: int):
    from ocrgen.generators.checkpoint import load_generator

    return load_generator(Path(path))


def generator(run: Run, epoch: int):
    """The generator of a run as it was after an epoch."""
    file = run.weights(epoch)
    return _generator(str(file), file.stat().st_mtime_ns)


@st.cache_data(max_entries=64, show_spinner=False)
def _samples(path: str, changed: int, per_class: int, seed: int):
    from ocrgen.generators.sampling import draw

    return draw(_generator(path, changed), per_class, seed).images


def samples(run: Run, epoch: int, per_class: int, seed: int):
    """Images uint8 (K * per_class, 28, 28), the K classes in turn, drawn by a run's generator after an epoch."""
    file = run.weights(epoch)
    return _samples(str(file), file.stat().st_mtime_ns, per_class, seed)


@st.cache_data(max_entries=256, show_spinner=False)
def _walk(path: str, changed: int, label: int, start: int, end: int, steps: int):
    from ocrgen.generators.sampling import interpolate

    return interpolate(_generator(path, changed), label, start, end, steps)


def walk(run: Run, epoch: int, label: int, start: int, end: int, steps: int):
    """One class between the latent codes of two seeds, uint8 (steps, 28, 28), by a run's generator after an epoch."""
    file = run.weights(epoch)
    return _walk(str(file), file.stat().st_mtime_ns, label, start, end, steps)


@st.cache_data(max_entries=64, show_spinner="Looking for the nearest …")
def nearest(images: np.ndarray, name: str, root: str) -> tuple[np.ndarray, np.ndarray]:
    """Which training image of a data set is nearest to each of `images`, and its distance, as `neighbours.nearest`."""
    from ocrgen.metrics import neighbours

    return neighbours.nearest(images, load_data_set(name, root).train.images)


# Streamlit's own ways of telling tables and lists (here of plain values) apart take twenty times as long.
@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs={pd.DataFrame: pickle.dumps, list: json.dumps})
def _drawn(name: str, args: tuple, options: dict, _draw: Callable[..., go.Figure]) -> go.Figure:
    return remember_spec(_draw(*args, **options))


def remember_spec(figure: go.Figure) -> go.Figure:
    """Let a figure make its specification once: `to_dict` copies it all, and is called for each viewer."""
    spec = figure.to_dict()
    figure.to_dict = lambda: spec
    figure.to_json = cache(figure.to_json)
    return figure


def cached_figure(draw: Callable[..., go.Figure], *args, **options) -> go.Figure:
    """A chart, drawn once for all viewers as long as what it shows stays the same; nobody may change it.

    Plotly checks each property that it is given: a chart takes 10 to 50 ms to draw.
    """
    return _drawn(f"{draw.__module__}.{draw.__qualname__}", args, options, draw)


@st.cache_resource(max_entries=32, show_spinner=False)
def _reader(path: str):
    from ocrgen.runs.events import CurveReader

    return CurveReader(Path(path))


@st.cache_resource(ttl=LIVE, max_entries=32, show_spinner=False)
def _table(path: str) -> pd.DataFrame:
    return _reader(path).table()


def curves(run: Run) -> pd.DataFrame:
    """The curves of a run as one table, each byte of its event files read once; not to be changed.

    All who watch a run see the same points for LIVE seconds: else each of them would have its charts drawn for himself.
    """
    return _table(str(run.path))


@st.cache_resource(show_spinner=False)
def _watchers() -> dict[str, float]:
    return {}


def pace() -> float:
    """Seconds between two looks at what moves: one, and one more for every five sessions that watch already."""
    now, last_looks = time.monotonic(), _watchers()
    for viewer, last in list(last_looks.items()):
        if now - last > WATCHING:
            last_looks.pop(viewer, None)
    last_looks[st.session_state.setdefault("shared_viewer", uuid4().hex)] = now
    return 1.0 + (len(last_looks) - 1) // 5
