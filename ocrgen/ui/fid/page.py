"""The views of the page FID and LFID: distances over the epochs, by class, their cost, and the samples behind them."""

from typing import get_args

import pandas as pd
import streamlit as st

from ocrgen.generators.scoring import ScoreConfig, read_scores
from ocrgen.metrics.extractors.base import TAPS
from ocrgen.metrics.measures import columns as measured
from ocrgen.plots import style as charts
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.ui.fid.epoch import DISTANCES, MARK, one_epoch
from ocrgen.ui.shared.cache import cached_figure, store
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.results import rank_table, results_of
from ocrgen.ui.shared.selection import alike, by_model, nothing_yet
from ocrgen.ui.shared.widgets import choose_runs, link, model_title, noun_of, places, run_title, show_errors
from ocrgen.utils.errors import UserError

assert tuple(DISTANCES) == TAPS


def explain() -> None:
    """Both distances in plain words, with the formula."""
    with st.expander("What FID and LFID are"):
        st.markdown(
            "A trained network turns each image into a list of numbers. A Gaussian is fitted to the lists of "
            "real images and another one to those of generated images; the distance is how far the two Gaussians are "
            "apart, in place and in shape:"
        )
        st.latex(r"\|\mu_1-\mu_2\|^2+\mathrm{tr}\left(S_1+S_2-2(S_1S_2)^{1/2}\right)")
        st.markdown(
            "**FID** reads the network at its end (2,048 numbers); **LFID** after an earlier block (64, 192 or 768): "
            "quicker, and blind to more. Samples that are all alike can score well on LFID-64, so it never stands here "
            "without coverage and spread. The dashed line is *real against real*: what real images that the reference "
            "has not seen would score. Values compare only for the same network and the same number of images."
        )


def choose() -> list[Run]:
    """Runs that can be scored; empty, with a way on, while there are none."""
    known = {r.name: r for r in store().list("train") if r.epochs()}
    if not known:
        nothing_yet("fid")
        return []
    return choose_runs(known, "fid_runs", [run.name for run in alike(by_model(), None).values()])


def show(runs: list[Run]) -> None:
    """Everything that the runs' scores tell, and a way to compute those that are missing."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = ScoreConfig.model_fields["extractor"]
        extractor = st.segmented_control(
            "Network", get_args(network.annotation), default=network.default, key="fid_extractor", required=True,
            help=f"{network.description}; inception is the paper's, and needs its weights at hand",
        )  # fmt: skip
        log = st.toggle("Log scale", True, key="fid_log")
    for run in runs:
        offer(run, extractor)
    scored = {run: rows for run in runs if (rows := read_scores(run, extractor))}
    if not scored:
        return
    for run, rows in scored.items():
        if bad := [r["epoch"] for r in rows if r.get("collapsed")]:
            alarm, kind = st.error if rows[-1]["epoch"] in bad else st.warning, noun_of(run)
            alarm(
                f"{run_title(run)}: after epoch {', '.join(map(str, bad))} the samples of a {kind} hardly differ from "
                f"each other (spread under half of real {kind}s'). Class means instead of {kind}s? LFID alone misses "
                "this."
            )
    names = {
        run: f"#{run.number} {model_title(run.request.model)}" + ", untrained" * run.request.untrained for run in scored
    }
    shades = {run: charts.colour(run.request.model, run.number) for run in scored}

    epochs = [row["epoch"] for rows in scored.values() for row in rows]

    def lines(key: str, runs: list[Run]) -> dict:
        found = {}
        for run in runs:
            x, y = [row["epoch"] for row in scored[run]], [row.get(key) for row in scored[run]]
            if run.request.untrained:  # as good before any epoch of the others as after all of them
                x, y = sorted({min(epochs), max(epochs)}), y * min(2, len(set(epochs)))
            found[names[run]] = (x, y, shades[run])
        return found

    for run, rows in scored.items():
        if words := _distrusted(rows):
            st.warning(f"{run_title(run)}: {words}")
    trusted = [run for run, rows in scored.items() if not _distrusted(rows)]
    first = scored[trusted[0]][0] if trusted else next(iter(scored.values()))[0]
    same_data = len({r.request.dataset for r in trusted}) == 1
    for (tap, title), place in zip(DISTANCES.items() if trusted else (), places(2), strict=False):
        with place:
            floor = first.get(f"floor_{tap}") if same_data else None
            figure = cached_figure(charts.epoch_chart, title, lines(MARK[tap], trusted), floor, log)
            alt = f"{title} by epoch for {', '.join(names[run] for run in trusted)}"
            picked = st.plotly_chart(
                figure, key=f"fid_chart_{tap}", alt=alt, on_select="rerun", selection_mode="points"
            )
            follow(tap, picked)
    networks = dict.fromkeys(str(row["extractor"]) for rows in scored.values() for row in rows)
    st.caption(
        f"{first['n']:,} generated images against {first['n_real']:,} real ones; real against real with "
        f"{first['floor_n']:,}. Network {', '.join(networks)}. One set of samples an epoch: no interval."
    )
    st.subheader("What the distances do not see")
    for (key, title), place in zip(measured().items(), places(3), strict=False):
        with place:
            figure = cached_figure(
                charts.epoch_chart, title, lines(key, list(scored)), 1.0 if key == "relative_spread" else None
            )
            st.plotly_chart(figure, key=f"fid_{key}", alt=f"{title} by epoch")
    memory(scored, names)
    one_epoch(scored, names, shades)
    cost(first)
    if trusted:
        agreement({r.request.dataset for r in trusted})
    table = pd.concat([pd.DataFrame(rows) for rows in scored.values()])
    st.download_button("CSV", table.to_csv(index=False), "scores.csv", "text/csv", key="fid_csv", on_click="ignore")


def _distrusted(rows: list[dict]) -> str:
    """Why a run's distances are not shown, if the network cannot be trusted with its images; else empty."""
    return next((str(row["distrusted"]) for row in rows if row.get("distrusted")), "")


def agreement(datasets: set[str]) -> None:
    """How the first study of the same data, else of any, ranks the distances against OCR accuracy."""
    st.subheader("Does the distance tell how well OCR learns?")
    studies = [r for r in store().list("study") if r.request.settings.get("protocol") == "paper"]
    for run in sorted(studies, key=lambda r: r.request.dataset in datasets)[::-1]:
        try:
            results = results_of(run)
        except UserError:
            continue
        if results.correlations:
            rank_table(results)
            st.caption(f"From {run_title(run)}.")
            link("4_OCR", "The study", query_params={"run": run.name}, icon=":material/insights:")
            return
    st.caption("Rank agreement with OCR accuracy appears here once a study of the paper's protocol has been run.")


def follow(tap: int, picked: dict) -> None:
    """A point that is clicked chooses the epoch whose samples are shown below."""
    points = picked.get("selection", {}).get("points", []) if picked else []
    epoch = points[0]["x"] if points else None
    if epoch is not None and st.session_state.get(f"fid_picked_{tap}") != epoch:
        st.session_state["fid_epoch"] = int(epoch)
    st.session_state[f"fid_picked_{tap}"] = epoch


def offer(run: Run, extractor: str) -> None:
    """Say how far a run is scored, and offer the rest as a job."""
    left = sorted(set(run.epochs()) - {r["epoch"] for r in read_scores(run, extractor)})
    if not left or run.shipped:
        return

    def last_job() -> list[Run]:
        of_run = [r for r in store().list("score") if r.request.scored_run == run.name]
        return [r for r in of_run if r.request.settings["extractor"] == extractor][-1:]

    def start() -> None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{run_title(run)}: {len(left)} of {len(run.epochs())} epochs have no scores.", width="content")
            if st.button("Score them", key=f"fid_score_{run.name}"):
                settings = ScoreConfig.model_validate({"run": run.name, "extractor": extractor}).model_dump()
                show_errors(jobs.start, store(), "score", settings, f"score-{run.name[16:]}")
                st.rerun(scope="fragment")

    job_progress(last_job, lambda status: f"Scoring {run_title(run)} …", idle=start)


def memory(scored: dict[Run, list[dict]], names: dict[Run, str]) -> None:
    """How many samples of the last scored epoch are copies."""
    for run, rows in scored.items():
        copied, kind = rows[-1].get("memorised"), noun_of(run)
        if copied:
            st.caption(
                f"{names[run]}{_epoch(run, rows[-1]['epoch'])}: {copied['share']:.1%} of {copied['n']:,} samples "
                f"(95 % interval {copied['low']:.1%} to {copied['high']:.1%}) lie nearer to a training image than 99 % "
                f"of held-out real {kind}s do; about 1 % is what real {kind}s give, far more would mean copies."
            )


def _epoch(run: Run, epoch: int) -> str:
    return "" if run.request.untrained else f", epoch {epoch}"


def cost(row: dict) -> None:
    """What each distance costs, as measured where it was scored."""
    if "cost" not in row:
        return
    st.subheader("What it costs")
    table = pd.DataFrame(
        [
            {
                "distance": DISTANCES[tap],
                "features, ms per 1,000 images": round(row["cost"][MARK[tap]]["features"], 1),
                "distance, ms": round(row["cost"][MARK[tap]]["distance"], 2),
            }
            for tap in DISTANCES
            if MARK[tap] in row["cost"]
        ]
    )
    st.dataframe(table, hide_index=True, width="content")
    st.caption(
        "Measured once, on the machine that scored, one thread; features are read no deeper than that distance needs."
    )
