"""What a study says in words: labelled images seen, the answer in one line a size, the paper's claims as verdicts."""

from html import escape

import pandas as pd
import streamlit as st

from ocrgen.claims.claims import WORDS
from ocrgen.datasets import title
from ocrgen.plots import style as charts
from ocrgen.report.wording import RULES, line, signed
from ocrgen.study import Results, verdicts
from ocrgen.study.plan import PAPER_N, Arm
from ocrgen.study.recommendation import points
from ocrgen.ui.shared.widgets import model_title


def headline(results: Results) -> None:
    """The answer for one size: what augmentation, each generator on top of it, and each generator alone change."""
    sizes = [n for n in results.config.sizes() if results.difference("real+aug", "real", n)]
    if not sizes:
        return
    n = PAPER_N if PAPER_N in sizes else sizes[len(sizes) // 2]
    base, bar = results.of("real", n, "accuracy"), results.of("real+aug", n, "accuracy")
    st.markdown(
        f"#### With {n:,} labelled images a reader gets {base['mean']:.1%} right; classical augmentation makes that "
        f"{bar['mean']:.1%}. What does synthetic data change?"
    )
    cards = [("real+aug", "real", "Augmentation instead of synthetic data", charts.REAL)]
    for name in results.config.generators:
        title, shade = model_title(name), charts.hue(name)
        cards.append((f"real+aug+{name}-filtered", "real+aug", f"{title} digits, filtered, on top of that", shade))
    for name in results.config.generators:
        cards.append((name, "real", f"{model_title(name)} digits alone, in place of real ones", charts.hue(name)))
    found = [(c, d) for c in cards if (d := results.difference(c[0], c[1], n))]
    for column, ((arm, against, title, shade), d) in zip(st.columns(len(found)), found, strict=True):
        with column.container(border=True, height="stretch"):
            bounds = "one seed: no interval" if d["n"] < 2 else f"95 %: {points(d['low'])} to {points(d['high'])}"
            seen = int(results.of(arm, n, "accuracy")["n_labelled"])
            st.html(
                f'<div style="border-left:5px solid {shade};padding-left:.6rem">'
                f'<div style="font-size:.9rem">{title}</div>'
                f'<div style="font-size:1.7rem;font-weight:650">{points(d["mean"])} '
                f'<span style="font-size:1rem">points</span></div>'
                f'<div style="font-size:.8rem;opacity:.8">{bounds}, {d["n"]} seeds; '
                f"against {Arm.parse(against).title}; {seen:,} labelled images seen</div></div>"
            )


def banner(results: Results) -> None:
    """How many labelled images the arms have seen: nothing on this page can be read without it."""
    config = results.config
    seeds, most = results.readers.n.max(), results.summary.n_labelled.max()
    repeated = f"{seeds} seeds" + ("" if results.done == results.total else " so far")
    if config.protocol == "fair":
        sizes = ", ".join(f"{n:,}" for n in config.n)
        st.info(
            f"**Fair protocol.** At each n ({sizes}) every arm, generator and filter included, has learned from the "
            f"same n images of {title(config.dataset)}; at most n more (up to {config.validation:,}) served to choose. "
            f"{repeated}; intervals are 95 %.",
            icon="⚖️",
        )
    else:
        st.warning(
            f"**The paper's protocol.** The generators have seen {most:,} labelled images of {title(config.dataset)}, "
            f"the real arms {PAPER_N}: not an equal comparison. {repeated}; intervals are 95 %.",
            icon="⚖️",
        )


def judge(results: Results) -> None:
    """The paper's claims that this study has an opinion on."""
    found = verdicts(results)
    if not found:
        return
    # A fair study begins with its advice; its verdicts are many.
    unfold = results.done == results.total and results.config.protocol == "paper"
    with st.expander(f"Verdicts on the paper's claims: {_counted(found)}", expanded=unfold):
        claims = sorted({v["claim"] for v in found})
        claim = st.segmented_control(
            "Claim", claims, default=3 if 3 in claims else claims[0], key="ocr_claim", required=True,
            format_func=lambda c: f"{c}. {WORDS[c].split(':')[0]}",
        )  # fmt: skip
        chosen = [v for v in found if v["claim"] == claim]
        st.html("".join(_line(v) for v in chosen))
        st.caption(f"{_counted(chosen)}. {RULES[claim]}")


def _line(v: dict) -> str:
    """One verdict as a line that wraps where the screen is narrow."""
    low, high = (v[k] if v[k] is None else signed(v[k], v["unit"]).split()[0] for k in ("low", "high"))
    bounds = "one repetition" if low is None else f"{low} to {high}"
    seen = f", {v['n_labelled']:,} labelled images seen" if v["n_labelled"] else ""
    figure = (
        f"<b>{signed(v['figure'], v['unit'])}</b> "
        f'<span style="font-size:.85rem;opacity:.85">[{bounds}], n = {v["n"]}{seen}</span>'
    )
    return line(v["verdict"], v["verdict"], ("1 1 22rem", escape(v["about"])), ("0 1 24rem", figure))


def _counted(found: list[dict]) -> str:
    counts = pd.Series([v["verdict"] for v in found]).value_counts()
    return ", ".join(f"{n} × {verdict}" for verdict, n in counts.items())
