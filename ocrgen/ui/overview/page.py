"""The page Overview: the answer, verdicts on the paper's five claims, images, and what to do next."""

from pathlib import Path

import streamlit as st

from ocrgen.runs.run import Run
from ocrgen.ui.overview import showcase
from ocrgen.ui.shared.cache import store, warm
from ocrgen.ui.shared.widgets import link

RESULT_FILES = ("results.json", "table.parquet", "cells", "benchmark.json", "scores")
HOW = """
- **95% interval [low, high]**: repeated again and again, such intervals hold the true figure 95 times in 100. A
  difference whose interval spans zero may go either way; a narrow one shows that it is small, whichever way it goes.
  Those of accuracies hold both errors: other seeds would give other figures, and other test images would, too.
- **Better, worse, no difference that matters, undecided, too few to tell**: only comparisons that a study declared
  beforehand earn such a word, corrected for their number. All others are **exploratory**. What matters is half a point
  or a tenth of the errors, whichever is more, unless the study says otherwise.
- **Seeds**: how often everything was done anew: images drawn, generator and reader trained.
- **Points**: percentage points of characters read right; +0.5 points are five more right in a thousand.
- **Labelled images seen**: how many images of a known digit or letter a training mix has learned from, its generator
  included. Only training mixes with the same number compare.
- **FID and LFID**: how far generated images lie from real ones as a network sees them; lower is nearer. LFID looks
  at an earlier layer of the network: quicker, and blind to more.
- **Reader**: the network that reads characters (OCR). **Augmentation**: real images moved, turned, bent.
"""


def show() -> None:
    """The whole page. What needs no results appears at once; answer and verdicts fill their places once read."""
    from ocrgen.report.cards import style

    st.html(style())
    answer_place, claims_place = st.container(key="overview_answer"), st.container(key="overview_claims")
    showcase.show()
    with st.expander("How to read this", icon=":material/help:"):
        st.markdown(HOW)
    details_place = st.container()
    next_steps()
    with answer_place:
        with st.spinner("Reading the results …"):
            answer, claims, faults = _read_verdicts(tuple(_stamp(run) for run in store().list()))
        st.markdown(answer)
        if faults:
            st.warning(f"{faults[0]}{f' And {len(faults) - 1} more.' if len(faults) > 1 else ''}", icon="⚠️")
    with claims_place:
        verdicts(claims)
    with details_place:
        sub_verdicts(claims)
    warm()


def _stamp(run: Run) -> tuple:
    """Changes whenever the results of a run do: its name, state, and its result files' modification times."""
    return run.name, run.state, *(f.stat().st_mtime_ns for n in RESULT_FILES if (f := run.path / n).exists())


@st.cache_data(max_entries=4, show_spinner=False)
def _read_verdicts(stamps: tuple) -> tuple[str, list, tuple[str, ...]]:
    """The answer in Markdown, the five claims with their verdicts, and a line on each damaged run.

    stamps: of all runs, the cache key.
    """
    from ocrgen.claims.answer import answer
    from ocrgen.claims.evidence import judge_claims
    from ocrgen.claims.selection import select_runs

    runs = select_runs(store())
    return answer(runs).markdown, judge_claims(runs), runs.faults


def verdicts(claims: list) -> None:
    """A card for each of the five claims, and a legend of the verdicts' words."""
    from ocrgen.report.cards import card, legend

    st.header("What the paper claims, and what we found")
    places = [*st.columns(3), *st.columns(3)]
    for place, claim in zip(places, claims, strict=False):
        with place.container(border=True, height="stretch"):
            st.html(card(claim))
            title = Path(claim.page).name.partition("_")[2].replace("_", " ")
            query = {"run": list(claim.query)} if claim.query else None
            label = f"See the evidence: {title}" if claim.run else f"To the page {title}"
            link(claim.page, label, query_params=query, icon=":material/arrow_forward:")
            if claim.page == "7_Saliency" and claim.run:
                link("4_OCR", "And its figures: OCR", query_params={"run": claim.run}, icon=":material/arrow_forward:")
    with places[-1].container(border=True, height="stretch"):
        st.html(legend([c.verdict for c in claims]))


def sub_verdicts(claims: list) -> None:
    """The rule of each claim, and every comparison that its verdict rests on."""
    from ocrgen.report.cards import comparison

    with st.expander("The rule behind each verdict, and every comparison it is made from", icon=":material/rule:"):
        for claim in claims:
            st.markdown(f"**{claim.number}. {claim.words}: {claim.verdict}.** {claim.rule}")
            if claim.parts:
                st.html("".join(map(comparison, claim.parts)))


def next_steps() -> None:
    """Three things to do next, with links."""
    st.header("Three ways on")
    with st.container(key="overview_ways"):
        for place, (title, words, page, label, icon) in zip(st.columns(3), NEXT_STEPS, strict=True):
            with place.container(border=True, height="stretch"):
                st.markdown(f"**{title}**")
                st.write(words)
                query = {"own": "1"} if icon == "upload" else None  # opens the place for one's own data
                link(page, label, icon=f":material/{icon}:", query_params=query)


NEXT_STEPS = (
    (
        "Upload a digit",
        "A photograph or a scan, or draw one: what do readers make of it, and where did they look?",
        "7_Saliency", "Bring a digit", "photo_camera",
    ),
    (
        "Train a generator",
        "A CVAE or a CGAN on real handwriting; every step in view. On the bundled digits it takes about a minute.",
        "2_Train", "Train", "play_arrow",
    ),
    (
        "Use your own data",
        "Open “Use your own data” on the page Train and drop a zip with one folder per character, named after it: "
        "digits, letters of any script, words. It never leaves this machine.",
        "2_Train", "Bring your data", "upload",
    ),
)  # fmt: skip
