"""Charts of a benchmark's rows, in the lab's one style: rows in, figures out."""

import plotly.graph_objects as go

from ocrgen.plots.style import FAMILIES, OTHERS, REAL, hue, styled
from ocrgen.utils.numbers import bracketed, significant

BARS = {
    "train": "Training: times as fast as the other way",
    "sample": "Sampling to uint8: times as fast as plain",
    "distance": "Fréchet distance: times as fast",
    "reader": "OCR model: times as fast to its accuracy as the plain recipe",
}
AIMS = (250, 1000)  # ms of a rerun: one viewer, twenty
SCALES = {
    "training": ("One epoch of training", "Images"),
    "sampling": ("One sampling call", "Images"),
    "distance": ("One distance", "Dimensions"),
}


def shade(name: str) -> str:
    """The colour of what a row is about: a generator's own, ours, or grey for the other way."""
    for model in FAMILIES:
        if name.lower().startswith(model):
            return hue(model)
    return REAL if "scipy" in name or "plain" in name else OTHERS[0]


def bounded(row: dict) -> str:
    """A figure with its bounds: 1.07 [1.02, 1.10]."""
    return bracketed(row["value"], row["low"], row["high"])


def trainings(rows: list[dict], way: str) -> go.Figure:
    """Seconds of each repeated training, and the mean of each generator."""
    figure = go.Figure()
    found = [r for r in rows if r["bench"] == "claim" and r["unit"] == "seconds" and r["subject"].endswith(f", {way}")]
    for name in dict.fromkeys(r["subject"] for r in found):
        mine = [r for r in found if r["subject"] == name]
        title, colour = name.split(",")[0], shade(name)
        seconds = [r["cpu_value"] for r in mine]
        mean = sum(seconds) / len(seconds)
        figure.add_scatter(
            x=[r["size"] for r in mine], y=seconds, name=f"{title}, mean {significant(mean)} s", mode="lines+markers",
            line={"color": colour, "width": 2},
        )  # fmt: skip
        figure.add_hline(mean, line={"color": colour, "dash": "dash", "width": 1.5})
    figure = styled(figure, "CPU seconds of each training", "Training", True)
    figure.update_xaxes(dtick=1)
    return figure.update_layout(height=380)


def compared(rows: list[dict], bench: str) -> list[dict]:
    """The rows of a bench that have another side; of sampling, whose rows come in two units, one of them."""
    found = [r for r in rows if r["bench"] == bench and r["ratio"] is not None]
    return [r for r in found if r["unit"] != "ms" or bench != "sample"]


def ratios(rows: list[dict], title: str) -> go.Figure:
    """Ratios with their bounds, one line a comparison."""
    found = rows[::-1]
    several = len({r["against"] for r in found}) > 1
    names = [_words(r) + f"<br>vs {r['against']}" * several for r in found]
    bars = {
        "type": "data",
        "symmetric": False,
        "color": REAL,
        "array": [(r["high"] or r["ratio"]) - r["ratio"] for r in found],
        "arrayminus": [r["ratio"] - (r["low"] or r["ratio"]) for r in found],
    }
    figure = go.Figure(
        go.Scatter(
            x=[r["ratio"] for r in found], y=names, mode="markers", error_x=bars,
            marker={"color": [shade(r["subject"]) for r in found], "size": 10},
            hovertemplate="%{y}: %{x:.3g}×<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(1, line={"color": REAL, "width": 1.5})
    figure = styled(figure, title, "times as fast", False)
    figure.update_xaxes(type="log", dtick="D2", tickformat="~g")
    figure.update_yaxes(type="category", automargin=True)
    return figure.update_layout(
        height=110 + (38 if several else 26) * len(found), showlegend=False, hovermode="closest"
    )


def _words(row: dict) -> str:
    if row["bench"] == "distance":
        return f"{row['subject']}, {row['note'].split(', ')[0]}"  # of how many images
    known = row["size"] is None or str(row["size"]) in row["subject"] or row["bench"] == "reader"
    return row["subject"] + ("" if known else f", {row['size']:,} at a time")


def latency(rows: list[dict]) -> go.Figure:
    """Milliseconds of one call by batch: ours solid, the plain way dotted."""
    figure = go.Figure()
    found = [r for r in rows if r["bench"] == "sample" and r["unit"] == "ms"]
    for name in dict.fromkeys(r["subject"] for r in found):
        mine = [r for r in found if r["subject"] == name]
        dash = "solid" if "fast" in name else "dash"
        x = [r["size"] for r in mine]
        figure.add_scatter(
            x=x,
            y=[r["value"] for r in mine],
            name=name,
            mode="lines+markers",
            line={"color": shade(name), "dash": dash},
        )
        figure.add_scatter(
            x=x, y=[r["against_value"] for r in mine], name=f"{name}, plain", mode="lines",
            line={"color": shade(name), "dash": "dot", "width": 1}, opacity=0.7,
        )  # fmt: skip
    figure = styled(figure, "One sampling call, milliseconds", "Images", True)
    return figure.update_xaxes(type="log").update_layout(height=420)


def scaling(rows: list[dict], part: str, title: str, x: str) -> go.Figure:
    """Seconds by size, log-log."""
    figure = go.Figure()
    found = [r for r in rows if r["bench"] == "scaling" and r["unit"] == "seconds" and part in r["subject"]]
    for name in dict.fromkeys(r["subject"] for r in found):
        mine = [r for r in found if r["subject"] == name]
        label = name.replace(f", {part}", "").replace(f"{part}, ", "")
        figure.add_scatter(
            x=[r["size"] for r in mine], y=[r["cpu_value"] or r["value"] for r in mine], name=label,
            mode="lines+markers", line={"color": shade(label), "width": 2},
        )  # fmt: skip
    return styled(figure, f"{title}, CPU seconds", x, True).update_xaxes(type="log")


def waits(rows: list[dict]) -> go.Figure:
    """Milliseconds of a dashboard's rerun: a line of points for each crowd, from the median to the 95th percentile."""
    found = {(*r["subject"].split(", ", 1), r["unit"]): r["value"] for r in rows if r["unit"] in ("ms p50", "ms p95")}
    pages = list(dict.fromkeys(page for page, _, _ in found))[::-1]
    figure = go.Figure()
    for shade, crowd in zip([REAL, *OTHERS], dict.fromkeys(crowd for _, crowd, _ in found), strict=False):
        middle, high = ([found.get((page, crowd, unit)) for page in pages] for unit in ("ms p50", "ms p95"))
        reach = {
            "array": [b - a if a else 0 for a, b in zip(middle, high, strict=True)],
            "arrayminus": [0] * len(pages),
        }
        figure.add_scatter(
            x=middle, y=pages, name=crowd, orientation="h", mode="markers", marker={"color": shade, "size": 10},
            error_x={"type": "data", "symmetric": False, "color": shade, **reach}, customdata=high,
            hovertemplate="%{y}: %{x:.0f} ms, p95 %{customdata:.0f} ms",
        )  # fmt: skip
    for aim in AIMS:
        figure.add_vline(aim, line={"color": REAL, "dash": "dash", "width": 1.5})
    figure = styled(figure, "One rerun, milliseconds", "milliseconds", False)
    figure.update_xaxes(type="log", dtick="D2", tickformat="~g")
    figure.update_yaxes(type="category", automargin=True)
    return figure.update_layout(height=140 + 44 * len(pages), scattermode="group", hovermode="closest")


def quality(rows: list[dict]) -> go.Figure:
    """Accuracy of an OCR model of generated images by the generator's CPU seconds."""
    figure = go.Figure()
    found = [r for r in rows if r["bench"] == "quality" and r["unit"] == "accuracy"]
    for name in dict.fromkeys(r["subject"] for r in found):
        mine = [r for r in found if r["subject"] == name]
        bars = {
            "type": "data",
            "symmetric": False,
            "array": [r["high"] - r["value"] for r in mine],
            "arrayminus": [r["value"] - r["low"] for r in mine],
        }
        figure.add_scatter(
            x=[r["size"] for r in mine], y=[r["value"] for r in mine], name=name, error_y=bars, mode="lines+markers",
            line={"color": shade(name), "width": 2},
        )  # fmt: skip
    figure = styled(figure, "Accuracy of an OCR model of its samples", "CPU seconds of training", False)
    return figure.update_yaxes(tickformat=".1%")
