"use strict";
// Draws the latency curves; their numbers stand in the page, as JSON and as tables.
(() => {
  const curves = JSON.parse(document.getElementById("curves").textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const figure = (value) => (value === null ? "–" : Number(value.toPrecision(4)).toLocaleString("en"));
  const axis = (label, extra) => ({
    label, labelSize: 22, labelFont: "12px system-ui, sans-serif", font: "12px system-ui, sans-serif",
    stroke: color("--dim"), grid: { stroke: color("--rule"), width: 1 }, ticks: { stroke: color("--rule"), size: 5 }, ...extra,
  });

  function draw(place) {
    const { milliseconds, percent } = curves[Number(place.dataset.curve)];
    const first = milliseconds.find((value) => value > 0);
    const wide = place.dataset.linear === "0" && first !== undefined && milliseconds[0] > 0 && milliseconds.at(-1) / first > 20;
    const options = {
      width: place.clientWidth, height: 320, padding: [12, 28, 0, 0],
      scales: { x: { time: false, distr: wide ? 3 : 1, log: 10 }, y: { range: [0, 100] } },
      axes: [
        axis(wide ? "latency, ms (logarithmic)" : "latency, ms", { values: (_, values) => values.map((value) => (value === null ? "" : figure(value))) }),
        axis("answers, %", { size: 46 }),
      ],
      series: [
        { label: "latency", value: (_, value) => `${figure(value)} ms` },
        {
          label: "answers that took no longer", stroke: color("--k1"), width: 2,
          points: { show: place.dataset.points === "1", size: 8, fill: color("--k1") },
          value: (_, value) => `${figure(value)} %`,
        },
      ],
      cursor: { drag: { x: false, y: false } },
    };
    place.replaceChildren();
    return new uPlot(options, [milliseconds, percent], place);
  }

  const places = [...document.querySelectorAll("[data-curve]")];
  let plots = places.map(draw);
  addEventListener("resize", () => plots.forEach((plot, at) => plot.setSize({ width: places[at].clientWidth, height: 320 })));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plots.forEach((plot) => plot.destroy());
    plots = places.map(draw);
  });
})();
