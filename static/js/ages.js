// Says how long ago something was, and keeps saying it right while the page stands open.
(() => {
  "use strict";
  const EACH_MS = 20_000;
  const UNITS = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });

  const ago = (moment) => {
    const seconds = Math.max(0, (Date.now() - Date.parse(moment)) / 1000);
    const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ["second", Infinity];
    return words.format(-Math.floor(seconds / size), unit);
  };

  const sayAll = () => {
    for (const place of document.querySelectorAll("time[data-age]")) {
      const text = ago(place.dateTime);
      if (place.textContent !== text) {
        place.textContent = text;
      }
    }
  };

  document.body.addEventListener("htmx:afterSwap", sayAll);
  setInterval(sayAll, EACH_MS);
  sayAll();
})();
