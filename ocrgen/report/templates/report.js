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
