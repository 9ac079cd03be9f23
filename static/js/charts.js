// Draws every [data-chart] from the JSON beside it, in the colours of the reader's scheme.
// Figures come in the light palette; each of its colours is a custom property of the page.
(() => {
  const palette = JSON.parse(document.getElementById("palette").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function inScheme(json) {
    const styles = getComputedStyle(document.documentElement);
    for (const [name, colour] of Object.entries(palette)) {
      json = json.replaceAll(colour, styles.getPropertyValue(`--${name}`).trim() || colour);
    }
    return JSON.parse(json);
  }

  // A mark leads where its customdata says: a cell opens its evidence in place, with its address.
  function follow(point) {
    const url = point && point.customdata;
    if (!url) return;
    const cell = url.match(/^\/projects\/([^/]+)\/factors\/([^/]+)\/([^/]+)\/$/);
    const link = cell && document.querySelector(`a[data-cell="${cell.slice(1).join("/")}"]`);
    if (link) link.click();
    else window.location.assign(url);
  }

  function draw() {
    for (const figure of document.querySelectorAll("[data-chart]")) {
      const box = figure.querySelector(".drawing");
      figure.dataset.drawing = "yes";
      const { data, layout } = inScheme(document.getElementById(figure.dataset.chart).textContent);
      Plotly.react(box, data, layout, { responsive: true, displayModeBar: false }).then(() => {
        // The table says the same; beside a chart that can be seen it waits folded.
        const table = figure.parentElement.querySelector("details.as-table");
        if (table && box.offsetHeight && !figure.dataset.drawn) table.removeAttribute("open");
        figure.dataset.drawn = dark.matches ? "dark" : "light";
        if (figure.dataset.followed) return;
        figure.dataset.followed = "yes";
        box.on("plotly_click", (event) => follow(event.points[0]));
      });
    }
  }

  draw();
  dark.addEventListener("change", draw);
})();
