// Draws every chart from the numbers beside it. A day nobody reported is a gap.
(() => {
  "use strict";
  const drawn = new Map();
  const MANY_DAYS = 40;
  const MARKS = ["circle", "rect", "triangle", "rectRot", "star", "crossRot", "rectRounded", "cross"];
  const DASHES = { aim: [7, 4], carried: [3, 3] };

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const seriesColor = (name) => color(`--series-${name}`);

  const bar = (one) => {
    const shades = one.shades.length ? one.shades : one.data.map(() => one.color);
    return {
      type: "bar",
      order: 2,
      // A day that is not complete is an outline.
      backgroundColor: shades.map((shade) => (shade === "open" ? "transparent" : seriesColor(shade))),
      borderColor: shades.map(seriesColor),
      borderWidth: shades.map((shade) => (shade === "open" ? 1.5 : 0)),
      borderRadius: 2,
      maxBarThickness: 44,
      categoryPercentage: 0.6,
      barPercentage: 0.95,
    };
  };

  const line = (one, place) => {
    const isLong = one.data.length > MANY_DAYS;
    return {
      type: "line",
      order: one.isAim ? 0 : 1,
      borderColor: seriesColor(one.color),
      backgroundColor: seriesColor(one.color),
      borderWidth: one.isAim ? 2 : 2.5,
      borderDash: one.isAim ? DASHES.aim : [],
      segment: { borderDash: (part) => (one.dashed[part.p1DataIndex] ? DASHES.carried : undefined) },
      pointRadius: isLong || one.isAim ? 0 : 2.5,
      // Lines are told apart by their marks, too.
      pointStyle: MARKS[place % MARKS.length],
      stepped: one.isAim ? "middle" : false,
      spanGaps: false,
      tension: 0,
    };
  };

  const datasets = (rows) => {
    const lines = rows.series.filter((one) => one.form === "line");
    return rows.series.map((one) => ({
      label: one.label,
      data: one.data,
      ...(one.form === "bar" ? bar(one) : line(one, lines.indexOf(one))),
    }));
  };

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
        y: { beginAtZero: true, grid: { color: (tick) => color(tick.tick.value === 0 ? "--line-strong" : "--line") }, border: { display: false }, ticks: { color: ink, maxTicksLimit: 7, font: { size: 12 }, callback: (value) => `${numbers.format(value)} t` } },
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
    const content = { labels: rows.days, datasets: datasets(rows) };
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
