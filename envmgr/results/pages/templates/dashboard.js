"use strict";
// Filters and sorts the table of runs, and sets two to four of them beside each other. Without it the table is complete.
(() => {
  const MOST = 4;
  const columns = JSON.parse(document.getElementById("columns").textContent);
  const table = document.getElementById("runs");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const filters = ["words", "recipe", "scenario", "verdict"].map((id) => document.getElementById(id));
  const [words, ...exact] = filters;
  const PLACES = { recipe: 9, scenario: 2, verdict: 7 };
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function filter() {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits =
        asked.every((word) => texts.get(row).includes(word)) &&
        exact.every((choice) => !choice.value || row.cells[PLACES[choice.id]].textContent === choice.value);
      row.hidden = !fits;
      shown += fits;
    }
    document.getElementById("count").textContent = `${shown} of ${rows.length} runs`;
  }

  function sort(head) {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const number = head.firstElementChild.dataset.kind === "number";
    const key = (row) => {
      const cell = row.cells[head.cellIndex];
      return number ? (cell.dataset.value === "" ? null : Number(cell.dataset.value)) : cell.textContent;
    };
    const keyed = rows.map((row) => [key(row), row]);
    keyed.sort(([one], [other]) => {
      if (one === null || other === null) return (one === null) - (other === null); // what is not there comes last
      const order = number ? one - other : one < other ? -1 : one > other ? 1 : 0;
      return up ? order : -order;
    });
    body.append(...keyed.map(([, row]) => row));
  }

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function compare() {
    const boxes = [...body.querySelectorAll("input[type=checkbox]")];
    const chosen = boxes.filter((box) => box.checked).map((box) => Number(box.value));
    for (const box of boxes) box.disabled = !box.checked && chosen.length >= MOST;
    const place = document.getElementById("compared");
    document.getElementById("hint").hidden = chosen.length >= 2;
    place.replaceChildren();
    if (chosen.length < 2) return;
    const made = document.createElement("table");
    made.append(element("caption", "The runs that were ticked: metrics first, then what they do not share. Nothing is called better: one run each has no interval."));
    const head = made.createTHead().insertRow();
    head.append(element("th", "Field", { scope: "col" }), ...chosen.map((at) => element("th", columns.runs[at], { scope: "col" })));
    const lines = made.createTBody();
    for (const field of columns.fields) {
      const values = chosen.map((at) => field.of[at]);
      if (values.every((value) => value < 0) || (!field.metric && values.every((value) => value === values[0]))) continue;
      const line = lines.insertRow();
      line.append(element("th", field.name, { scope: "row" }), ...values.map((value) => element("td", value < 0 ? "–" : field.values[value])));
    }
    place.append(made);
  }

  for (const control of filters) control.addEventListener("input", filter);
  for (const button of table.tHead.querySelectorAll("button")) button.addEventListener("click", () => sort(button.parentElement));
  body.addEventListener("change", compare);
})();
