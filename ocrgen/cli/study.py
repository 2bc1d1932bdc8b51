"""The verb of the comparison: `study`."""

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Annotated

import tyro

from ocrgen.cli.common import absolute, checked, data_set, execute, open_store, parse

if TYPE_CHECKING:
    from ocrgen.runs.run import Run
    from ocrgen.study.config import StudyConfig


def study(args: list[str]) -> int:
    """Does synthetic data help OCR? study --dataset NAME --protocol fair|paper --seeds N [--quick] [--json]"""
    from ocrgen.study.data import check_data

    config, as_json, label = asked(args)
    check_data(config)
    store = open_store()
    run = store.create("study", config.model_dump(), config.about, label)
    # The object is to be all that stands on the standard output.
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        code = execute(run, store)
    if code == 0 and as_json:
        print(json.dumps(to_json(run), indent=1))
    elif code == 0:
        _print(run)
    return code


def asked(args: list[str]) -> tuple["StudyConfig", bool, str]:
    """What the flags ask for: the study's settings, whether its results are printed as JSON, and the run's label."""
    from pydantic import Field

    from ocrgen.cli.flags import RunFlags
    from ocrgen.study.config import QUICK, StudyConfig
    from ocrgen.study.data import first_split
    from ocrgen.study.sizes import default_sizes

    quick_study = "--quick" in args

    class StudyFlags(RunFlags, StudyConfig):
        """Compare OCR models trained on real, generated and mixed images, task by task; a killed study resumes."""

        quick: bool = Field(
            default=quick_study, description="a study of the bundled digits in under three minutes, all else alike"
        )
        as_json: Annotated[bool, tyro.conf.arg(name="json")] = Field(
            default=False, description="print table, summary and verdicts as one object at the end"
        )

    flags = parse(StudyFlags, "study", args, default=StudyFlags.model_validate(QUICK if quick_study else {}))
    values = flags.model_dump(include=set(StudyConfig.model_fields)) | {
        "dataset": data_set(flags.dataset, flags.transpose),
        "synthetic": absolute(flags.synthetic) if flags.synthetic else "",
    }
    config = checked(StudyConfig, values)
    if not quick_study and flags.protocol != "paper" and not any(a == "--n" or a.startswith("--n=") for a in args):
        sizes = default_sizes(first_split(config).train)
        config = config.model_copy(update={"n": sizes[:1] if flags.protocol == "pool" else sizes})
    return config, flags.as_json, flags.run_name


def to_json(run: "Run") -> dict:
    """A study's results as `--json` prints them; bounds of a single repetition are null.

    run, answer (Markdown), table (arm, n_real, seed, metric, value and more), summary (mean, low, high, n),
    differences, correlations, verdicts, advice.
    """
    import pandas as pd

    from ocrgen.claims.answer import answer, study_alone
    from ocrgen.study import read_results, verdicts
    from ocrgen.study.advice import advise

    results = read_results(run)
    frames = {name: getattr(results, name) for name in ("table", "summary", "differences")}
    frames["correlations"] = pd.DataFrame(results.correlations)
    tables = {name: json.loads(f.to_json(orient="records", double_precision=10)) for name, f in frames.items()}
    judged = {"verdicts": [v.to_json() for v in verdicts(results)], "advice": [a.to_json() for a in advise(results)]}
    return {"run": run.name, "answer": answer(study_alone(run, results)).markdown} | tables | judged


def _print(run: "Run") -> None:
    from ocrgen.claims.answer import answer, study_alone
    from ocrgen.study import read_results, verdicts
    from ocrgen.study.advice import advise
    from ocrgen.study.arms import Arm
    from ocrgen.study.formatting import accuracy, bounds, signed
    from ocrgen.study.headline import banner

    results = read_results(run)
    print(answer(study_alone(run, results)).markdown.replace("**", ""))
    print(f"{banner(results).title} {banner(results).text}\n")
    print(f"{'training mix':<42}{'n real':>8}{'labelled':>10}   accuracy, 95% interval (seeds)")
    rows = results.readers.loc[results.readers.metric == "accuracy"]
    for row in rows.to_dict("records"):
        arm = Arm.parse(row["arm"])
        n = row["n_real"] or ("all" if arm.real else "none")
        print(f"{arm.title:<42}{n:>8}{row['n_labelled']:>10,}   {accuracy(row)} ({row['n']})")
    for v in verdicts(results):
        figure = f"{signed(v.figure, v.unit)} {bounds(v.low, v.high, v.unit)}"
        print(f"claim {v.claim}: {v.words or v.verdict}. {figure}, {v.repetitions}. {v.about}")
    for a in advise(results):
        print(f"advice at n = {a.n:,}: {a.headline}. {a.words}")


def study_worker(args: list[str]) -> int:
    """Work on the tasks of a study beside the process that runs it, until that ends: study-worker FOLDER"""
    from ocrgen.study.worker import run_worker

    run_worker(*args)
    return 0


def cluster_worker(args: list[str]) -> int:
    """Work on the tasks that a Dask worker sends, one at a time: cluster-worker FOLDER"""
    from ocrgen.study.cluster import run_worker

    return run_worker(*args)
