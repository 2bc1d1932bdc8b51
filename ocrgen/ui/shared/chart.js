// A Plotly chart that new points are drawn into: zoom, hidden lines and the pointer's place stay as they are.
const library = (address) =>
  (window.ocrgenPlotly ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => done(window.Plotly);
    script.onerror = () => fail(new Error(`${address} does not load`));
    document.head.append(script);
  }));

const CONFIG = {
  displaylogo: false,
  displayModeBar: "hover",
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
  responsive: true,
};

// What Streamlit's theme would give; colours are in the style sheet.
function dress(layout, place) {
  const bare = { automargin: true, zeroline: false, linecolor: "#0000", tickfont: { size: 12 } };
  return {
    ...layout,
    font: { family: getComputedStyle(place).fontFamily, size: 12 },
    paper_bgcolor: "#0000",
    plot_bgcolor: "#0000",
    title: { x: 0, y: 0.97, yanchor: "top", yref: "container", pad: { l: 4 }, ...layout.title },
    xaxis: { ...bare, showgrid: false, ...layout.xaxis },
    yaxis: { ...bare, ...layout.yaxis },
  };
}

// Where another chart comes to stand before one, that is made anew in its next place, often before the old one is
// taken away: it takes the zoom along.
const MOVED = 2000; // milliseconds that this may take
const charts = (window.ocrgenCharts ??= new Map()); // by name, the one that was made last

async function takeZoom(place, plotly) {
  const { predecessor: old } = place;
  if (!old?._fullLayout || old.view !== place.view || Date.now() - (old.left ?? Date.now()) > MOVED) return;
  const zoom = {};
  for (const axis of ["xaxis", "yaxis"]) {
    const { autorange, range } = old._fullLayout[axis];
    if (!autorange) zoom[`${axis}.range`] = [...range];
  }
  if (Object.keys(zoom).length) await plotly.relayout(place, zoom); // as a user does: kept from now on
}

async function draw(place) {
  const plotly = await library(place.library);
  if (place.drawing || place.drawn === place.spec || !place.isConnected) return;
  place.drawing = true; // one at a time: what comes meanwhile is drawn next
  while (place.drawn !== place.spec && place.isConnected) {
    if (place._dragging) {
      // A zoom that is being drawn with the mouse would be lost.
      await new Promise((go) => setTimeout(go, 100));
      continue;
    }
    const spec = place.spec;
    const { data, layout } = JSON.parse(spec);
    place.view = `${layout.xaxis.uirevision} ${layout.yaxis.uirevision}`;
    await plotly.react(place, data, dress(layout, place), CONFIG);
    if (!place.drawn) await takeZoom(place, plotly);
    place.predecessor = null;
    place.drawn = spec;
    for (const button of place.querySelectorAll(".modebar-btn")) button.tabIndex = -1;
    const surface = place.matches(":hover") && place.querySelector(".nsewdrag:hover");
    if (surface && place.pointer) surface.dispatchEvent(new MouseEvent("mousemove", place.pointer));
  }
  place.drawing = false;
}

export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".live-chart");
  place.setAttribute("aria-label", data.alt);
  place.style.height = `${data.height}px`;
  place.library = data.library;
  if (charts.get(data.name) !== place) {
    place.predecessor = charts.get(data.name);
    charts.set(data.name, place);
  }
  place.spec = data.spec;
  place.onmousemove = ({ clientX, clientY, isTrusted }) => {
    if (isTrusted) place.pointer = { clientX, clientY, bubbles: true };
  };
  draw(place);
  return () => (place.left = Date.now());
}
