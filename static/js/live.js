// Live: asks each second whether anything changed, says so to the page, and says when nobody answers.
(() => {
  "use strict";
  const EACH_MS = 1000;
  const JITTER_MS = 300;
  const LOST_MS = 2000;
  const PATIENCE_MS = 5000;
  const page = document.querySelector("[data-live]");
  const banner = document.getElementById("connection");
  if (!page) {
    return;
  }
  let seen = `"${page.dataset.seen}"`;
  let place = null;
  let lostAt = null;
  let timer = 0;
  let isLooking = false;

  const address = () => {
    const site = new URLSearchParams(location.search).get("siteId");
    return page.dataset.live + (site ? `?siteId=${encodeURIComponent(site)}` : "");
  };

  const look = async () => {
    clearTimeout(timer);
    if (document.hidden || isLooking) {
      return;
    }
    isLooking = true;
    const asked = address();
    if (place !== null && asked !== place) {
      // Another site: what was seen before says nothing about it.
      seen = '""';
    }
    place = asked;
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(asked, { headers: { "If-None-Match": seen }, cache: "no-store", redirect: "manual", signal });
      if (answer.type === "opaqueredirect") {
        document.body.dispatchEvent(new CustomEvent("session-over"));
      } else if (answer.status >= 500) {
        lost();
      } else {
        found(answer);
      }
    } catch {
      lost();
    }
    isLooking = false;
    const wait = (lostAt ? LOST_MS : EACH_MS) - JITTER_MS / 2 + Math.random() * JITTER_MS;
    timer = setTimeout(look, wait);
  };

  const found = (answer) => {
    const wasLost = lostAt !== null;
    lostAt = null;
    banner.replaceChildren();
    document.documentElement.removeAttribute("data-lost");
    const isNews = answer.status !== 304;
    if (isNews) {
      seen = answer.headers.get("ETag") ?? seen;
    }
    if (isNews || wasLost) {
      htmx.trigger(document.body, "records-changed");
    }
  };

  const lost = () => {
    if (lostAt !== null) {
      return;
    }
    lostAt = new Date();
    const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" }).format(lostAt);
    const text = document.createElement("strong");
    text.textContent = banner.dataset.text.replace("{time}", time);
    banner.replaceChildren(text, ` ${banner.dataset.hint}`);
    document.documentElement.setAttribute("data-lost", "");
  };

  // A hidden tab rests; shown again it looks at once.
  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
  addEventListener("offline", lost);
  addEventListener("pageshow", look);
  look();
})();
