// Draws the page.

function drawRun(run) {
  const out = [];
  for (const [name, section] of Object.entries(sections).sort(([, a], [, b]) => a.order - b.order)) {
    const data = run.sections[section.from || name];
    if (!data) continue;
    const drawn = [section.draw(data, run)].flat().filter(Boolean);
    if (drawn.length) out.push(section.title ? el("h3", {}, section.title) : null, ...drawn);
  }
  if (!run.sections.occupancy) out.push(el("p", {class: "faint"}, "How pods were used over time is in HDF5 reports only (podsim run -o run.h5)."));
  return el("section", {"data-run": run.label}, out);
}

function drawPage() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  page.replaceChildren(el("h1", {}, document.title), el("p", {class: "faint"}, [[data.runs.length, "run"], [data.sweeps.length, "sweep"]].filter(([count]) => count)
    .map(([count, what]) => `${count} ${what}${count > 1 ? "s" : ""}`).join(", ") + ", simulated by podsim"));
  if (data.runs.length > 1) page.append(...compareRuns(data.runs).filter(Boolean), el("h2", {}, "The runs"), ...data.runs.map((run) => fold(run.label, () => drawRun(run))));
  else data.runs.forEach((run) => page.append(drawRun(run)));
  data.sweeps.forEach((sweep) => page.append(drawSweep(sweep, "Sweep " + sweep.file.replace(/^.*\//, ""))));
  page.append(el("footer", {}, `Made by podsim ${data.version}. Point at marks for their figures; headings of tables sort them.`));
  showTips();
  // Prints, and whoever asks for page.html#open, see all of it.
  const openAll = () => {
    for (let closed; (closed = document.querySelectorAll("details:not([open])")).length;) closed.forEach((one) => { one.open = true; one.dispatchEvent(new Event("toggle")); });
  };
  window.addEventListener("beforeprint", openAll);
  if (location.hash === "#open") openAll();
  document.body.dataset.state = "drawn";
}

drawPage();
