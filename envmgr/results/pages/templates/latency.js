"use strict";
// Draws the latency curves; their numbers stand in the page, as JSON and as tables.
(() => {
  const curves = JSON.parse(document.getElementById("curves").textContent);
  const DASHES = [[], [8, 4], [2, 3], [10, 4, 2, 4]];
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const figure = (value) => (value === null || value === undefined ? "–" : Number(value.toPrecision(4)).toLocaleString("en"));
  const axis = (label, extra) => ({
    label, labelSize: 22, labelFont: "12px system-ui, sans-serif", font: "12px system-ui, sans-serif",
    stroke: color("--dim"), grid: { stroke: color("--rule"), width: 1 }, ticks: { stroke: color("--rule"), size: 5 }, ...extra,
  });
  const line = (curve, at, count) => ({
    label: count > 1 ? curve.name : "answers that took no longer", stroke: color(`--k${at + 1}`), width: 2, dash: DASHES[at],
    spanGaps: true, points: { show: curve.reported, size: 8, fill: color(`--k${at + 1}`) },
    value: (_, value) => `${figure(value)} %`,
  });

  // A place shows one curve, or several, by their numbers.
  function draw(place) {
    const shown = place.dataset.curves.split(" ").map((at) => curves[Number(at)]);
    const times = shown.flatMap((curve) => curve.milliseconds).filter((value) => value > 0);
    const wide = !shown[0].linear && shown.every((curve) => curve.milliseconds[0] > 0) && Math.max(...times) / Math.min(...times) > 20;
    const options = {
      width: place.clientWidth, height: 320, padding: [12, 28, 0, 0],
      scales: { x: { time: false, distr: wide ? 3 : 1, log: 10 }, y: { range: [0, 100] } },
      axes: [
        axis(wide ? "latency, ms (logarithmic)" : "latency, ms", { values: (_, values) => values.map((value) => (value === null ? "" : figure(value))) }),
        axis("answers, %", { size: 46 }),
      ],
      series: [{ label: "latency", value: (_, value) => `${figure(value)} ms` }, ...shown.map((curve, at) => line(curve, at, shown.length))],
      cursor: { drag: { x: false, y: false } },
    };
    place.replaceChildren();
    const tables = shown.map((curve) => [curve.milliseconds, curve.percent]);
    return new uPlot(options, tables.length > 1 ? uPlot.join(tables) : tables[0], place);
  }

  const places = [...document.querySelectorAll("[data-curves]")];
  let plots = places.map(draw);
  addEventListener("resize", () => plots.forEach((plot, at) => plot.setSize({ width: places[at].clientWidth, height: 320 })));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plots.forEach((plot) => plot.destroy());
    plots = places.map(draw);
  });
})();
