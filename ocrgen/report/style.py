"""A report's look and its small script: light, dark, phone and paper, from the dashboard's colours."""

from ocrgen.report import cards as overview_cards
from ocrgen.report.figures import FONT
from ocrgen.report.wording import TINTS

CARDS = overview_cards.STYLE.removeprefix("<style>").removesuffix("</style>")
STYLE = f"""{CARDS}
:root {{
  color-scheme: light dark;
  --back: light-dark(#FFFFFF, #0F1319); --soft: light-dark(#F3F5F8, #1A2029);
  --text: light-dark(#0B0E13, #E7EBF1); --quiet: light-dark(#4E5866, #A9B4C2);
  --line: light-dark(#D5DBE3, #323B48); --link: light-dark(#1F5FBF, #8AB4F8);
  --holds: {TINTS["holds"]}; --fails: {TINTS["does not hold"]}; --open: {TINTS["undecided"]};
  --warn: light-dark(#FFF6DE, #2B2617); --warn-line: light-dark(#C78A00, #C78A00);
}}
* {{ box-sizing: border-box; }}
html {{ scroll-behavior: smooth; }}
body {{ margin: 0; background: var(--back); color: var(--text); font: 1rem/1.55 {FONT}; }}
header, main, footer, nav {{ max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }}
header {{ padding-top: 2rem; }}
nav {{ padding-top: .25rem; }}
nav ul {{ display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: .5rem 0;
  border-bottom: 1px solid var(--line); }}
nav a {{ display: inline-block; padding: .25rem 0; }}
footer {{ padding-bottom: 3rem; }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; }}
h2 {{ font-size: 1.5rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }}
main > section:first-child h2 {{ border-top: 0; margin-top: .5rem; }}
h3 {{ font-size: 1.15rem; margin: 2rem 0 .5rem; }}
p, dd, li {{ max-width: 78ch; overflow-wrap: anywhere; }}
p {{ margin: .5rem 0 .75rem; }}
a {{ color: var(--link); }}
.small, .about {{ color: var(--quiet); font-size: .875rem; }}
.about {{ font-size: 1rem; margin: 0; }}
.lead {{ font-size: 1.3rem; line-height: 1.4; font-weight: 600; max-width: 60ch; }}
.note {{ border: 1px solid var(--line); border-left: .3rem solid var(--link); border-radius: .6rem;
  background: var(--soft); padding: .75rem 1rem; margin: 1rem 0; }}
.note.warn {{ background: var(--warn); border-left-color: var(--warn-line); }}
.note p:first-child {{ margin-top: 0; }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: .75rem; padding: 0;
  list-style: none; margin: 1rem 0; }}
.tiles li {{ border: 1px solid var(--line); border-left: .35rem solid var(--hue, var(--line)); border-radius: .6rem;
  padding: .7rem .85rem; display: flex; flex-direction: column; gap: .15rem; break-inside: avoid; }}
.tiles .what {{ font-size: .95rem; line-height: 1.35; margin-bottom: auto; }}
.tiles .figure {{ padding-top: .25rem; }} .tiles .figure b {{ font-size: 1.7rem; font-weight: 650; line-height: 1.3; }}
.claims {{ grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); }}
.claims li {{ border-left-width: 1px; }}
.badge {{ font-weight: 650; white-space: nowrap; }}
.holds {{ --tone: var(--holds); }} .fails {{ --tone: var(--fails); }} .open {{ --tone: var(--open); }}
.badge, li > b, td .holds b, td .fails b, td .open b {{ color: var(--tone, inherit); }}
.mark {{ display: block; overflow: visible; }}
.mark line {{ stroke: var(--tone); stroke-width: 2.5; }} .mark circle {{ fill: var(--tone); }}
.mark .zero {{ stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 2; }}
table {{ border-collapse: collapse; width: 100%; margin: .75rem 0 1rem; font-size: .925rem; }}
td .small {{ font-size: .9em; }}
caption {{ text-align: left; color: var(--quiet); font-size: .875rem; padding: .25rem 0; }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }}
thead th {{ font-size: .85rem; color: var(--quiet); vertical-align: bottom; }}
tbody th {{ font-weight: 500; }}
.number {{ text-align: right; white-space: nowrap; }} thead .number {{ white-space: normal; }}
.whole {{ white-space: nowrap; }} .narrow {{ display: none; }}
.arm {{ display: flex; gap: .5rem; align-items: baseline; }}
.swatch {{ flex: none; width: .7rem; height: .7rem; border-radius: .2rem; background: var(--hue); }}
.scroll {{ overflow: auto; max-height: 34rem; border: 1px solid var(--line); border-radius: .6rem; padding: 0 .75rem; }}
.scroll td, .scroll th {{ white-space: nowrap; }}
.scroll thead th {{ position: sticky; top: 0; background: var(--back); }}
details {{ margin: .75rem 0; }}
summary {{ cursor: pointer; font-weight: 600; color: var(--link); padding: .25rem 0; }}
:focus-visible {{ outline: 2px solid var(--link); outline-offset: 2px; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: .75rem 0; }}
dt {{ font-weight: 600; }} dd {{ margin: 0; overflow-wrap: anywhere; }}
pre {{ background: var(--soft); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem 1rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }}
code {{ font-family: "Source Code Pro", ui-monospace, Menlo, Consolas, monospace; font-size: .9em; }}
figure {{ margin: 1rem 0 1.5rem; min-width: 0; break-inside: avoid; }}
figcaption {{ font-weight: 600; margin-bottom: .35rem; }}
.grid {{ display: grid; grid-template-columns: 1fr 1fr; gap: .25rem 1.75rem; }}
.grid.thirds {{ grid-template-columns: 1fr 1fr 1fr; }}
.grid figure {{ margin: .5rem 0; }}
.key {{ display: flex; flex-wrap: wrap; gap: .2rem 1.25rem; list-style: none; padding: 0; margin: .5rem 0; }}
.chart {{ width: 100%; overflow: clip; }}
figcaption .small {{ font-weight: 400; }}
.chart :is(.xtick, .ytick, .g-xtitle, .g-ytitle, .legendtext, .annotation-text, .shape-label) text,
.chart :is(.xtitle, .ytitle, .legendtext, .annotation-text) {{ fill: var(--text) !important; }}
.chart :is(.gridlayer path, .zerolinelayer path) {{ stroke: var(--line) !important; }}
@media screen and (max-width: 60rem) {{ .grid.thirds {{ grid-template-columns: 1fr 1fr; }} }}
@media screen and (max-width: 44rem) {{
  body {{ overflow-wrap: anywhere; }}
  .grid, .grid.thirds {{ grid-template-columns: minmax(0, 1fr); }}
  h1 {{ font-size: 1.6rem; }} .lead {{ font-size: 1.15rem; }}
  dl {{ grid-template-columns: 1fr; gap: 0; }} dd {{ margin-bottom: .6rem; }}
  .cards, .cards caption, .cards tbody, .cards tr, .cards th, .cards td {{ display: block; width: 100%; }}
  .cards thead {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
  .cards tr {{ border: 1px solid var(--line); border-radius: .6rem; padding: .5rem .75rem; margin-bottom: .6rem; }}
  .cards tbody th, .cards td {{ border: 0; padding: .15rem 0; text-align: left; }}
  .cards tbody th {{ font-weight: 600; }}
  .cards td[data-label] {{ display: flex; justify-content: space-between; gap: 1rem; }}
  .cards td > span {{ text-align: right; }} .cards .number {{ white-space: normal; }}
  .cards td::before {{ content: attr(data-label); color: var(--quiet); flex: none; max-width: 45%; }}
  .cards td:has(> span:empty) {{ display: none; }}
  .claims {{ grid-template-columns: 1fr; }}
  .terse tr {{ display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 0 1rem; }}
  .terse .mark {{ width: 7.5rem; }}
  .terse th {{ grid-column: 1 / -1; }}
  .terse td[data-label] {{ display: block; }}
  .terse td > span {{ text-align: left; }} .terse td::before {{ content: none; }}
  .narrow {{ display: inline; }}
}}
@media print {{
  :root {{ color-scheme: light; }}
  body {{ font-size: 10pt; }} table {{ font-size: 8pt; }} .lead {{ font-size: 1.2rem; }}
  th, td {{ padding: .25rem .5rem .25rem 0; }}
  .tiles {{ grid-template-columns: 1fr 1fr 1fr; }} .claims {{ grid-template-columns: 1fr 1fr; }}
  nav, [data-print="no"] {{ display: none; }}
  header, main, footer {{ max-width: none; padding: 0; }}
  h2, h3, h3 + p, figcaption, caption {{ break-after: avoid; }}
  tr, .note {{ break-inside: avoid; }}
  .scroll {{ max-height: none; border: 0; padding: 0; }}
  .grid, .grid.thirds {{ grid-template-columns: 320px 320px; gap: 0 20px; }}
}}
"""

# Draws each chart as wide as its place, in small parts, so that the page answers meanwhile; and again where that
# changes. Paper is laid out after its event, so that its widths are given, in the pixels of A4 and Letter alike.
SCRIPT = """
(() => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const boxes = [...document.querySelectorAll(".chart")];
  const widths = new Map();
  let paper = false;
  const draw = (box, width) => {
    const spec = structuredClone(specs[box.id]);
    const layout = width < 600 && spec.narrow ? spec.narrow : spec.layout;
    widths.set(box, width);
    box.style.height = layout.height + "px";
    Plotly.react(box, spec.data, {...layout, width}, {displayModeBar: false, scrollZoom: false, showTips: false});
  };
  const fit = box => {
    const width = Math.floor(box.clientWidth);
    if (width && !paper && Math.abs(width - (widths.get(box) ?? -9)) > 2) draw(box, width);
  };
  const watch = new ResizeObserver(all => all.forEach(one => fit(one.target)));
  const next = i => { if (i < boxes.length) { fit(boxes[i]); watch.observe(boxes[i]); setTimeout(next, 0, i + 1); }
    else document.documentElement.dataset.drawn = "yes"; };
  next(0);
  const opened = [];
  addEventListener("beforeprint", () => {
    paper = true;
    for (const one of document.querySelectorAll("details:not([open]):not([data-print])")) {
      one.open = true;
      opened.push(one);
    }
    boxes.forEach(box => draw(box, box.closest(".grid") ? 320 : 660));
  });
  addEventListener("afterprint", () => {
    paper = false;
    opened.splice(0).forEach(one => { one.open = false; });
    boxes.forEach(fit);
  });
})();
"""
