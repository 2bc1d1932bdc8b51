"""The table of runs: how each stands, and ticks for those whose curves are drawn over each other."""

from base64 import b64encode
from typing import Any

import pandas as pd
import streamlit as st

from ocrgen import datasets
from ocrgen.runs.compare import differing, settings_of
from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.shared.address import give, take
from ocrgen.ui.shared.widgets import BADGES, linked_runs, model_title, run_title
from ocrgen.ui.train.settings import label_of

CHOSEN, TABLE = "train_runs", "train_table"  # keys: names of the runs that are drawn; the table's own state
LIMIT = 6  # runs whose colours are told apart
FEW = 8  # runs that are found without a filter
ROWS, ROW = 6, 35  # that are seen at once; pixels of each


def choose(known: dict[str, Run]) -> list[Run]:
    """The runs that are chosen, the newest first: at first the newest. They stand in the URL (`?run=NAME&run=NAME`).

    known: runs by name, the newest last.
    """
    take("run", CHOSEN, lambda names: linked_runs(names, known, LIMIT))
    before = st.session_state.get(CHOSEN)
    chosen = [name for name in known if name in (before or ())][::-1]
    if before is None or (before and not chosen):
        chosen = [*known][-1:]
    st.session_state[CHOSEN] = chosen
    give("run", chosen)
    return [known[name] for name in chosen]


def table(
    known: dict[str, Run],
    statuses: dict[Run, RunStatus],
    tags: dict[Run, tuple[str, ...]],
    chosen: list[Run],
    shades: dict[Run, str],
) -> None:
    """Draw the table, the newest run first, with the chosen ones ticked and in their colours."""
    found = {*_filtered([*known.values()], tags), *chosen}
    shown = [run for run in known.values() if run in found][::-1]
    names = [run.name for run in shown]
    wanted = [names.index(run.name) for run in chosen]
    if sorted(_ticked()) != sorted(wanted):  # chosen elsewhere, or the rows are others now
        st.session_state[TABLE] = {"selection": {"rows": wanted}}
    st.session_state["train_rows"] = names
    sound = [run for run in chosen if run in shades]
    frame = pd.DataFrame([_row(run, statuses[run], tags[run], shades.get(run)) for run in shown], index=names)
    for name in differing(sound):
        values = [settings_of(run).get(name) if statuses[run].state != "damaged" else None for run in shown]
        frame[label_of(name)] = values if _numbers(values) else ["" if v is None else str(v) for v in values]
    empty = [name for name in ("Name", "LFID-64", "Tags") if not any(map(_says, frame[name]))]
    frame = frame.drop(columns=empty)
    st.dataframe(
        frame, key=TABLE, hide_index=True, on_select=_pick, selection_mode="multi-row",
        column_config=COLUMNS, height=ROW * (min(len(frame), ROWS) + 1) + 2,
        placeholder="", alt=f"{len(frame)} runs; {', '.join(map(run_title, chosen)) or 'none'} drawn below",
    )  # fmt: skip


COLUMNS: dict[str, Any] = {
    "Colour": st.column_config.ImageColumn("", width=28, help="of its curves"),
    "#": st.column_config.NumberColumn(width=44),
    "Epochs": st.column_config.NumberColumn(width=64, help="trained so far"),
    "Training time (s)": st.column_config.NumberColumn(width=118, format="%,.0f"),
    "LFID-192": st.column_config.NumberColumn(
        "LFID-192 (best)", width=112, format="%.3g", help="of some 2,000 samples, at the best epoch; lower is better"
    ),
    "LFID-64": st.column_config.NumberColumn(
        "LFID-64 (best)", width=112, format="%.3g", help="of some 2,000 samples, at the best epoch; lower is better"
    ),
    "Tags": st.column_config.ListColumn(width="small"),
}


def _says(cell: object) -> bool:
    """Whether a cell holds anything."""
    return cell == cell and cell not in (None, "", ())


def _numbers(values: list) -> bool:
    return all(value is None or isinstance(value, int | float) for value in values)


def _row(run: Run, status: RunStatus, tags: tuple[str, ...], colour: str | None) -> dict[str, Any]:
    """What the table tells of a run."""
    state = BADGES[status.state][1]
    state = f"{state[:1].upper()}{state[1:]}" + f", {status.share:.0%}" * (status.state == "running")
    row = {
        "Colour": _dot(colour), "#": None, "Generator": run.name, "Name": "", "Data": "", "Preset": "", "Epochs": None,
        "Training time (s)": status.seconds, "LFID-192": None, "LFID-64": None,
        "State": state, "Tags": tags,
    }  # fmt: skip
    if status.state == "damaged":
        return row
    asked = run.request
    row |= {"#": asked.number, "Generator": model_title(asked.model), "Name": asked.label}
    row |= {"Data": datasets.title(asked.dataset), "Preset": str(asked.settings.get("preset", ""))}
    if not asked.untrained:
        row["Epochs"] = status.epoch
        if status.watched in ("lfid_64", "lfid_192"):
            row[status.watched.upper().replace("_", "-")] = status.best
    return row


def _dot(colour: str | None) -> str:
    """A disc of a colour as a picture; an empty ring for none."""
    paint = f'fill="{colour}"' if colour else 'fill="none" stroke="#8A94A3" stroke-width="1.5"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><circle cx="10" cy="10" r="7" {paint}/></svg>'
    )
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _ticked() -> list[int]:
    return list(st.session_state.get(TABLE, {}).get("selection", {}).get("rows", []))


def _pick() -> None:
    """Take the table's ticks over: those chosen before first, then the new ones, as far as there are colours."""
    names = st.session_state["train_rows"]
    ticked = [names[row] for row in _ticked() if row < len(names)]
    chosen = sorted(ticked, key=lambda name: name not in st.session_state[CHOSEN])
    if len(chosen) > LIMIT:
        st.toast(f"At most {LIMIT} runs are drawn over each other: clear one of them first.")
    st.session_state[CHOSEN] = chosen[:LIMIT]


def _filtered(runs: list[Run], tags: dict[Run, tuple[str, ...]]) -> list[Run]:
    """Those that the user looks for, by words and by tags."""
    text, wanted = "", []
    known = sorted({tag for found in tags.values() for tag in found})
    if len(runs) <= FEW and not known:
        return runs
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Filter runs", key="train_filter", placeholder="Filter runs: cvae mnist", max_chars=100,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        if known:
            st.session_state["train_tags"] = [t for t in st.session_state.get("train_tags", []) if t in known]
            wanted = st.multiselect(
                "With the tags", known, key="train_tags", placeholder="With the tags", label_visibility="collapsed",
                persist_state="session",
            )  # fmt: skip
    asked = text.lower().split()
    return [
        run for run in runs if set(wanted) <= set(tags[run]) and all(word in run_title(run).lower() for word in asked)
    ]
