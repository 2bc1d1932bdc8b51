"""The page Overview: the answer, images, verdicts on the paper's five claims, and what to do next."""

import streamlit as st

from ocrgen.claims.answer import Answer
from ocrgen.claims.claim import Claim
from ocrgen.runs.run import Run
from ocrgen.ui.overview import answer, claims, showcase
from ocrgen.ui.shared.cache import store, warm
from ocrgen.ui.shared.widgets import link

RESULT_FILES = ("results.json", "table.parquet", "cells", "benchmark.json", "scores")
HOW = """
- **95% interval [low, high]**: the range in which the true figure lies, but for 5 in 100 such ranges. A difference
  whose interval includes zero may go either way; a narrow interval around zero shows that the difference is small.
  Intervals of accuracies allow for both kinds of chance: of the seeds, and of the test images.
- **Better, worse, no difference that matters, undecided, too few to tell**: only comparisons that a study declared
  beforehand get such a word, corrected for how many there are. All others are **exploratory**. A difference matters if
  it is at least half a point, or a tenth of the errors if that is more, unless the study sets another limit.
- **Seeds**: how often everything was repeated: other images drawn, generator and OCR model trained anew.
- **Points**: percentage points of accuracy. From 95% to 96% is one point: one more character in a hundred read
  correctly.
- **OCR model**: the network that reads characters. **Training mix**: what it learns from, such as real images, real
  images with augmentation, or both with generated images. **Augmentation**: real images moved, turned and bent.
- **Labelled images seen**: how many images of a known character a training mix has learned from, its generator
  included. Training mixes compare fairly only where this number is the same.
- **CVAE, CGAN**: two kinds of neural network that learn to draw characters: a conditional variational autoencoder, and
  a conditional generative adversarial network. **Rendered** characters are drawn from fonts, without learning.
- **FID and LFID**: how far generated images are from real ones, judged by the features of a network; lower is nearer.
  LFID uses an earlier layer of the network: quicker, and it misses more.
"""


def show() -> None:
    """The whole page. What needs no results appears at once; answer and verdicts fill their places once read."""
    from ocrgen.report.cards import style

    st.html(style())
    answer_place = st.container(key="overview_answer")
    showcase.show()
    claims_place = st.container(key="overview_claims")
    with st.expander("How to read this", icon=":material/help:"):
        st.markdown(HOW)
    details_place = st.container()
    next_steps()
    with answer_place:
        with st.spinner("Reading the results …"):
            found, judged, faults = _read_verdicts(tuple(_stamp(run) for run in store().list()))
        answer.show(found)
        if faults:
            st.warning(f"{faults[0]}{f' And {len(faults) - 1} more.' if len(faults) > 1 else ''}", icon="⚠️")
    with claims_place:
        claims.cards(judged)
    with details_place:
        claims.comparisons(judged)
    warm()


def _stamp(run: Run) -> tuple:
    """Changes whenever the results of a run do: its name, state, and its result files' modification times."""
    return run.name, run.state, *(f.stat().st_mtime_ns for n in RESULT_FILES if (f := run.path / n).exists())


@st.cache_data(max_entries=4, show_spinner=False)
def _read_verdicts(stamps: tuple) -> tuple[Answer, list[Claim], tuple[str, ...]]:
    """The answer, the five claims with their verdicts, and a line on each damaged run.

    stamps: of all runs, the cache key.
    """
    from ocrgen.claims.answer import answer
    from ocrgen.claims.evidence import judge_claims
    from ocrgen.claims.selection import select_runs

    runs = select_runs(store())
    return answer(runs), judge_claims(runs), runs.faults


def next_steps() -> None:
    """Three things to do next, with links."""
    st.header("Try it yourself")
    with st.container(key="overview_ways"):
        for place, (title, words, page, label, icon) in zip(st.columns(3), NEXT_STEPS, strict=True):
            with place.container(border=True, height="stretch"):
                st.markdown(f"**{title}**")
                st.write(words)
                query = {"own": "1"} if icon == "upload" else None  # opens the place for one's own data
                link(page, label, icon=f":material/{icon}:", query_params=query)


NEXT_STEPS = (
    (
        "Read a character",
        "Upload a photograph or a scan, or draw with the mouse: what do the OCR models read, and where do they look?",
        "7_Saliency", "Choose an image", "photo_camera",
    ),
    (
        "Train a generator",
        "Train a CVAE or a CGAN on real handwriting and watch every step. On the bundled digits it takes about a "
        "minute.",
        "2_Train", "Train", "play_arrow",
    ),
    (
        "Use your own data",
        "Upload a zip with one folder per character, named after it: digits, letters of any script, or words. It never "
        "leaves this machine.",
        "2_Train", "Upload your data", "upload",
    ),
)  # fmt: skip
