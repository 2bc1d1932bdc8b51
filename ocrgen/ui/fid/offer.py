"""Scoring on the page FID and LFID: what is missing, one click that computes it, its progress, and Cancel."""

import streamlit as st

from ocrgen.generators.scoring import ScoreConfig
from ocrgen.metrics.extractors import at_hand
from ocrgen.runs import jobs
from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.fid.scored import is_scored, scores_of
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.widgets import run_title, show_errors
from ocrgen.utils.places import PROGRAM
from ocrgen.utils.progress import duration

SECONDS = {"digitnet": 14.0}  # an epoch's scores, where none has been computed here yet


def newest_unscored(known: dict[str, Run], extractor: str) -> Run | None:
    """The user's newest of the trainings that have epochs, if none of them is scored."""
    own = [run for run in known.values() if not run.shipped]
    return own[-1] if own and not is_scored(own[-1], extractor) else None


def offer(run: Run, extractor: str) -> None:
    """Say how far a run is scored, and offer the rest as a job."""
    kept = run.epochs()
    left = sorted(set(kept) - {r["epoch"] for r in scores_of(run, extractor)})
    if not left or run.shipped:
        return
    # The best and the last epoch are what most people want to know, and take a fraction of the time.
    few = [epoch for epoch in sorted({run.best_epoch(), kept[-1]}) if epoch in left]

    def last_job() -> list[Run]:
        of_run = [r for r in store().list("score") if r.request.scored_run == run.name]
        last = [r for r in of_run if r.request.settings["extractor"] == extractor][-1:]
        # One that was cancelled leaves what it has done; the rest is offered again.
        seen = st.session_state.get("shared_seen_at_work", ())
        return [r for r in last if r.state != "cancelled" or r.name in seen]

    def button(label: str, epochs: list[int], key: str, primary: bool, seconds: float | None) -> None:
        about = f" · about {duration(len(epochs) * seconds)}" if seconds else ""
        if st.button(label + about, key=key, type="primary" if primary else "secondary"):
            asked = {"run": run.name, "extractor": extractor, "epochs": epochs}
            settings = ScoreConfig.model_validate(asked).model_dump()
            show_errors(jobs.start, store(), "score", settings, f"score-{run.name[16:]}")
            st.rerun(scope="fragment")

    def start() -> None:
        seconds = seconds_an_epoch(extractor)
        with st.container(horizontal=True, vertical_alignment="center"):
            none = len(left) == len(kept)
            told = "no scores yet" if none else f"scores for {len(kept) - len(left)} of {len(kept)} epochs"
            st.markdown(f"**{run_title(run)}** has {told}.", width="content")
            if not few or len(left) <= 2:
                label = "Score it" if none else f"Score {len(left)} more"
                button(label, left, f"fid_score_{run.name}", none, seconds)
                return
            button("Score its best and last epoch" if len(few) > 1 else "Score its best epoch", few,
                   f"fid_score_{run.name}", none, seconds)  # fmt: skip
            button(f"Score all {len(left)} epochs", left, f"fid_score_all_{run.name}", False, seconds)

    def ended(job: Run, status: RunStatus) -> None:
        st.session_state["fid_just_scored"] = run.name

    def words(status: RunStatus) -> str:
        done = f"{status.step} of {status.total} epochs" if status.total else "starting …"
        return f"Scoring {run_title(run)}: {done if status.state == 'running' else 'queued'}"

    job_progress(last_job, words, keys="fid_{action}_{run}", idle=start, ended=ended)


def seconds_an_epoch(extractor: str) -> float | None:
    """Seconds that the scores of one epoch take, as they last took here; None if nobody knows."""
    for run in reversed(store().list("score")):
        status = run.read_status()
        if run.request.settings.get("extractor") == extractor and status.seconds and status.step:
            return status.seconds / status.step
    return SECONDS.get(extractor)


def missing_network(extractor: str, run: Run | None) -> None:
    """What scoring with a network takes whose weights are not at hand."""
    if at_hand(extractor):
        return
    st.info(
        "Inception is the network of the paper's FID, and its weights (95 MB) are not on this machine. Where there is "
        "a connection, the command below downloads them once. Elsewhere, take `pt_inception-2015-12-05-6726825d.pth` "
        "from the releases of pytorch-fid, and add `--weights` with that file. An epoch takes some minutes. The "
        "network digitnet needs nothing."
    )
    st.code(f"{PROGRAM} score {run.name if run else 'RUN'} --extractor inception", language=None)
