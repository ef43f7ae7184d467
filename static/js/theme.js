// The theme, set before anything is painted: as the reader chose, else as the system is.
(() => {
  "use strict";
  const KEY = "deskops-theme";
  const ORDER = ["system", "light", "dark"];
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      const found = localStorage.getItem(KEY);
      return ORDER.includes(found) ? found : "system";
    } catch {
      return "system";
    }
  };

  const apply = () => {
    const choice = chosen();
    const root = document.documentElement;
    root.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    root.dataset.themeChoice = choice;
    const button = document.getElementById("theme");
    if (button) {
      button.setAttribute("aria-label", button.dataset[choice]);
      button.title = button.dataset[choice];
    }
    document.dispatchEvent(new CustomEvent("theme-applied"));
  };

  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme")?.addEventListener("click", () => {
      try {
        localStorage.setItem(KEY, ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
      } catch {
        // Without a storage the theme stays as the system's.
      }
      apply();
      tell(document.getElementById("theme").title);
    });
  });

  const tell = (text) => {
    document.body.dispatchEvent(new CustomEvent("tell", { detail: { text } }));
  };
})();
