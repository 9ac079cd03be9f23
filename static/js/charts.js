// Draws every [data-chart] from the JSON beside it, in the colours of the reader's scheme, and
// again where htmx brings new ones. Figures come in the light palette; each of its colours is a
// custom property of the page.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const palette = JSON.parse(document.getElementById("palette").textContent);

  function inScheme(json) {
    const styles = getComputedStyle(document.documentElement);
    for (const [name, colour] of Object.entries(palette)) {
      json = json.replaceAll(colour, styles.getPropertyValue(`--${name}`).trim() || colour);
    }
    return JSON.parse(json);
  }

  const source = (figure) => document.getElementById(figure.dataset.chart).textContent;

  // A mark leads where its customdata says: a cell opens its evidence in place, with its address.
  function follow(point) {
    const url = point && (point.customdata || (point.pointNumber >= 0 && point.data?.customdata?.[point.pointNumber]));
    if (typeof url !== "string" || !url) return;
    const cell = url.match(/^\/projects\/([^/]+)\/factors\/([^/]+)\/([^/]+)\/$/);
    const link = cell && document.querySelector(`a[data-cell="${cell.slice(1).join("/")}"]`);
    if (link && document.getElementById("evidence")) link.click();
    else window.open(url, document.body.classList.contains("embedded") ? "_blank" : "_self");
  }

  function draw(figure) {
    const box = figure.querySelector(".drawing");
    if (onPaper || !box.offsetParent) return;
    const { data, layout } = inScheme(source(figure));
    Plotly.react(box, data, layout, { responsive: true, displayModeBar: false }).then(() => {
      figure.dataset.drawn = dark.matches ? "dark" : "light";
      if (figure.dataset.followed) return;
      figure.dataset.followed = "yes";
      box.on("plotly_click", (event) => follow(event.points[0]));
    });
  }

  // On paper a chart is light and as wide as the sheet; a wide one is drawn larger, and shrunk.
  let onPaper = false;
  function lay(figure) {
    if (!figure.dataset.drawn) return;
    const { data, layout } = JSON.parse(source(figure));
    const width = figure.classList.contains("outgrows-phones") ? 1160 : 690;
    Plotly.react(figure.querySelector(".drawing"), data, { ...layout, width }, { displayModeBar: false });
  }

  // A picture is always light and carries title, reading and source, so that it can stand alone.
  async function download(figure, format) {
    const { data, layout } = JSON.parse(source(figure));
    const words = (selector) => figure.querySelector(selector).textContent.trim();
    const width = 1160;
    const said = [...figure.querySelectorAll("figcaption p")].map((one) => one.textContent.trim()).join(" ");
    const lines = said.match(/.{1,150}(\s|$)/g) || [];
    const top = 56 + 18 * lines.length;
    const margin = { ...layout.margin, t: (layout.margin.t || 0) + top, b: (layout.margin.b || 0) + 32 };
    const height = layout.height + top + 32;
    const note = { xref: "paper", yref: "paper", x: 0, showarrow: false, xanchor: "left", align: "left" };
    const shift = -layout.margin.l + 12;
    const annotations = [
      ...(layout.annotations || []),
      { ...note, y: 1, yanchor: "bottom", xshift: shift, yshift: margin.t - 44, text: `<b>${words("figcaption :is(h1, h2)")}</b>`, font: { size: 18 } },
      { ...note, y: 1, yanchor: "top", xshift: shift, yshift: margin.t - 46, text: lines.join("<br>"), font: { size: 12 } },
      { ...note, y: 0, yanchor: "top", xshift: shift, yshift: -(margin.b - 28), text: words(".chart-foot span"), font: { size: 11 } },
    ];
    const url = await Plotly.toImage({ data, layout: { ...layout, margin, height, annotations } }, { format, width, height, scale: 2 });
    const link = document.createElement("a");
    link.href = url;
    link.download = `${figure.dataset.name}.${format}`;
    link.click();
  }

  function start(root) {
    for (const figure of root.querySelectorAll("[data-chart]")) {
      draw(figure);
      for (const button of figure.querySelectorAll("[data-download]")) {
        button.addEventListener("click", () => download(figure, button.dataset.download));
      }
    }
  }

  const all = (act) => document.querySelectorAll("[data-chart]").forEach(act);
  start(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body) start(event.target.parentElement || event.target);
  });
  dark.addEventListener("change", () => all(draw));
  window.addEventListener("beforeprint", () => { onPaper = true; all(lay); });
  window.addEventListener("afterprint", () => { onPaper = false; all(draw); });
  window.matchMedia("(min-width: 1121px)").addEventListener("change", () => all(draw));
})();
