// Draws every chart from the numbers beside it. A day nobody reported is a gap.
(() => {
  "use strict";
  const drawn = new Map();

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const bars = { maxBarThickness: 44, categoryPercentage: 0.6, barPercentage: 0.95 };

  const series = (canvas, rows) => [
    { type: "line", label: canvas.dataset.net, data: rows.net, borderColor: color("--series-net"), backgroundColor: color("--series-net"), borderWidth: 2.5, pointRadius: rows.days.length > 40 ? 0 : 2.5, spanGaps: false, tension: 0 },
    { type: "bar", label: canvas.dataset.received, data: rows.received, backgroundColor: color("--series-received"), borderRadius: 2, ...bars },
    { type: "bar", label: canvas.dataset.dispatched, data: rows.dispatched, backgroundColor: color("--series-dispatched"), borderRadius: 2, ...bars },
  ];

  const options = () => {
    const numbers = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 3 });
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const ink = color("--ink-muted");
    return {
      animation: isStill ? false : { duration: 200 },
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: (item) => ` ${item.dataset.label}: ${numbers.format(item.parsed.y)} t` } },
      },
      scales: {
        x: { grid: { display: false }, border: { color: color("--line") }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 16, font: { size: 12 } } },
        y: { grid: { color: (line) => color(line.tick.value === 0 ? "--line-strong" : "--line") }, border: { display: false }, ticks: { color: ink, maxTicksLimit: 7, font: { size: 12 }, callback: (value) => `${numbers.format(value)} t` } },
      },
    };
  };

  const draw = (canvas, isRepaint) => {
    const source = document.getElementById(canvas.dataset.rows);
    const known = drawn.get(canvas);
    if (!source || (known && known.text === source.textContent && !isRepaint)) {
      return;
    }
    const rows = JSON.parse(source.textContent);
    const content = { labels: rows.days, datasets: series(canvas, rows) };
    if (known) {
      Object.assign(known.chart, { data: content });
      known.chart.options = options();
      known.chart.update(isRepaint ? "none" : undefined);
      known.text = source.textContent;
    } else {
      Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
      drawn.set(canvas, { chart: new Chart(canvas, { data: content, options: options() }), text: source.textContent });
    }
  };

  const drawAll = (isRepaint) => {
    for (const [canvas, known] of drawn) {
      if (!canvas.isConnected) {
        known.chart.destroy();
        drawn.delete(canvas);
      }
    }
    for (const canvas of document.querySelectorAll("canvas[data-rows]")) {
      draw(canvas, isRepaint);
    }
  };

  document.body.addEventListener("htmx:afterSwap", () => drawAll(false));
  document.addEventListener("theme-applied", () => drawAll(true));
  drawAll(false);
})();
