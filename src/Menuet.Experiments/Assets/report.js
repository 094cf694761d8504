// Draws every chart; says in the page's own data how many were drawn and what failed, so that a test can read it.
(async () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const ink = dark ? "#e6e9ef" : "#1d2430";
  const line = dark ? "#333b48" : "#d5dae2";
  const config = {
    background: null,
    view: { stroke: line },
    axis: { labelColor: ink, titleColor: ink, gridColor: line, domainColor: line, tickColor: line },
    legend: { labelColor: ink, titleColor: ink, orient: "bottom", columns: 3, labelLimit: 320 },
    range: { category: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b7280", "#8c564b"] },
  };
  const sources = document.querySelectorAll("script.chart-data");
  const failures = [];
  let drawn = 0;
  for (const source of sources) {
    const chart = source.previousElementSibling;
    try {
      await vegaEmbed(chart, JSON.parse(source.textContent), { renderer: "svg", config, actions: { export: true, source: true, compiled: false, editor: false } });
      drawn++;
    } catch (error) {
      failures.push(String(error));
      chart.textContent = "This chart could not be drawn: " + error;
    }
  }
  document.body.dataset.charts = String(sources.length);
  document.body.dataset.drawn = String(drawn);
  document.body.dataset.failures = failures.join(" | ");
})();
addEventListener("error", event => { document.body.dataset.scriptError = event.message; });
