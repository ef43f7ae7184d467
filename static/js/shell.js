// What every page does: the secret of its forms, menus, dialogs, keys, and what the reader is told.
(() => {
  "use strict";
  const SCOPE = ["siteId", "period", "startDate", "endDate"];
  const ORDER = ["pageSize", "sortBy", "sortOrder"];
  const TOLD_MS = 6000;
  const FIRST_DAY = "1900";
  const one = (selector) => document.querySelector(selector);
  const meta = () => one('meta[name="csrf-token"]');

  document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = meta().content;
    if (event.detail.elt.id === "view") {
      if (isHalfADate(event.detail.parameters)) {
        event.preventDefault();
      }
      tidy(event.detail.parameters);
    }
  });

  // A day that is still being typed is not looked for: the year 2 on its way to 2026.
  const isHalfADate = ({ period, startDate, endDate }) =>
    period === "custom" && [startDate, endDate].some((day) => day === "" || day < FIRST_DAY);

  // What was refused is over when the next look succeeds.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, xhr } = event.detail;
    if (requestConfig.elt.id === "view" && xhr.status < 400) {
      one("#shell-notice")?.replaceChildren();
    }
  });

  // An address says only what was chosen.
  const tidy = (parameters) => {
    const isCustom = parameters.period === "custom";
    for (const [name, value] of Object.entries(parameters)) {
      if (value === "" || (!isCustom && (name === "startDate" || name === "endDate"))) {
        delete parameters[name];
      }
    }
  };

  // On a narrow screen the place one is at is in sight.
  for (const place of document.querySelectorAll('.places [aria-current="page"], .kept [aria-current="page"]')) {
    place.scrollIntoView({ inline: "center", block: "nearest" });
  }

  // Links to other pages carry what this one looks at.
  const carryScope = () => {
    const here = new URLSearchParams(location.search);
    for (const link of document.querySelectorAll("[data-carries-scope]")) {
      const address = new URL(link.href);
      for (const name of SCOPE) {
        here.has(name) ? address.searchParams.set(name, here.get(name)) : address.searchParams.delete(name);
      }
      link.href = address.pathname + address.search + address.hash;
      if (link.hasAttribute("hx-get")) {
        link.setAttribute("hx-get", link.getAttribute("href"));
      }
    }
  };
  document.body.addEventListener("htmx:pushedIntoHistory", carryScope);

  // The next filter keeps the order and the size of the pages.
  const keepOrder = () => {
    const here = new URLSearchParams(location.search);
    for (const name of ORDER) {
      const known = one(`#view > input[name="${name}"]`);
      if (!here.has(name)) {
        known?.remove();
      } else if (one("#view")) {
        const field = known ?? one("#view").appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
        field.value = here.get(name);
      }
    }
  };
  document.body.addEventListener("htmx:pushedIntoHistory", keepOrder);

  // What stays as it is when a fragment is renewed: drawings, and what the reader has opened.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => !(old instanceof HTMLCanvasElement) || undefined;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => {
    const isOpened = name === "open" || ((name === "hidden" || name === "aria-expanded") && isToggled(node));
    return !isOpened;
  };
  Idiomorph.defaults.callbacks.afterNodeAdded = (node) => {
    if (node instanceof HTMLTableRowElement && node.id.startsWith("record-")) {
      node.classList.add("is-new");
    }
  };
  const isToggled = (node) =>
    node.hasAttribute("aria-controls") || (node.id && one(`[aria-controls="${CSS.escape(node.id)}"]`) !== null);

  // Telling: what was done, aloud and for a while.
  let untell = 0;
  const tell = (text) => {
    const place = one("#told");
    const paragraph = document.createElement("p");
    paragraph.textContent = text;
    place.replaceChildren(paragraph);
    clearTimeout(untell);
    untell = setTimeout(() => place.replaceChildren(), TOLD_MS);
  };
  document.body.addEventListener("tell", (event) => tell(event.detail.text));
  for (const fact of ["record-saved", "record-corrected", "record-voided", "review-cleared"]) {
    document.body.addEventListener(fact, (event) => tell(event.detail.text));
  }

  // The dialog opens when something is put into it.
  const dialog = one("#dialog");
  let opener = null;
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (dialog.contains(event.detail.elt) || event.detail.target === dialog) {
      if (!dialog.open) {
        opener = document.activeElement;
        dialog.showModal();
      }
      const title = dialog.querySelector("h1, h2");
      dialog.setAttribute("aria-label", title ? title.textContent : "");
      (dialog.querySelector("[aria-invalid]") ?? dialog.querySelector("[data-first]"))?.focus();
    }
  });
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    if (opener?.isConnected) {
      opener.focus();
    }
  });
  // The row goes away: the reader goes on at the next one, and still does once the list stands without the row.
  let goesOnAt = null;
  const goOn = () => (document.getElementById(goesOnAt) ?? one(".table-frame") ?? one("#add") ?? one("#content")).focus();
  const leave = (row) => {
    const near = row && (row.nextElementSibling ?? row.previousElementSibling);
    goesOnAt = near?.querySelector(".actions :is(a, button)")?.id ?? "";
    goOn();
  };
  document.body.addEventListener("record-voided", () => {
    const row = opener?.closest("tr, li");
    opener = null;
    dialog.close();
    leave(row);
  });
  document.body.addEventListener("review-cleared", (event) => leave(event.target.closest("li")));
  document.body.addEventListener("htmx:afterSettle", () => {
    if (goesOnAt !== null && document.activeElement === document.body) {
      goOn();
    }
  });
  for (const ownWay of ["keydown", "pointerdown"]) {
    document.addEventListener(ownWay, () => {
      goesOnAt = null;
    });
  }

  // What is typed into a form that says so outlives the session.
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-keeps]");
    if (form) {
      form.dataset.typed = "yes";
    }
  });

  // A session that ended: the page stays, and signing in happens above it, where something was typed.
  document.body.addEventListener("htmx:beforeOnLoad", (event) => {
    const answer = event.detail.xhr;
    if (answer.status === 401 && answer.getResponseHeader("HX-Redirect") && one('form[data-typed], dialog[open]')) {
      event.preventDefault();
      // A look ahead while somebody types is no reason to stop them: sending the form is.
      if (event.detail.elt.id !== "records-effect") {
        askToSignIn();
      }
    }
  });
  const askToSignIn = () => {
    if (!one("#signin-form")) {
      htmx.ajax("GET", one("#sign-in-again").dataset.url, { target: "#dialog", swap: "innerHTML" });
    }
  };
  document.body.addEventListener("session-over", () => {
    if (one("form[data-typed], dialog[open]")) {
      askToSignIn();
    } else {
      location.reload();
    }
  });
  const renewSecret = (event) => {
    meta().content = event.detail.csrf;
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) {
      field.value = event.detail.csrf;
    }
  };
  document.body.addEventListener("secret-renewed", renewSecret);
  document.body.addEventListener("signed-in", (event) => {
    renewSecret(event);
    dialog.close();
  });

  // What could not be sent is said: it is still in its form.
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(failure, (event) => {
      if (event.detail.requestConfig.verb !== "get") {
        tell(one("#told").dataset.unsent);
      }
    });
  }

  // Buttons that open, close and empty.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    }
    if (!button) {
      return;
    }
    if (button.hasAttribute("aria-controls")) {
      const isOpen = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!isOpen));
      document.getElementById(button.getAttribute("aria-controls")).hidden = isOpen && !button.matches(".filters-button");
    } else if (button.dataset.empties) {
      one(button.dataset.empties).replaceChildren();
    } else if (button.hasAttribute("data-closes-dialog")) {
      dialog.close();
    } else if (button.hasAttribute("data-clears-filters")) {
      clearFilters(button);
    }
  });
  const clearFilters = (button) => {
    for (const control of button.parentElement.querySelectorAll("select, input")) {
      control.value = "";
      control.classList.remove("is-set");
    }
    button.form.requestSubmit();
  };

  const view = one("#view");
  view?.addEventListener("input", (event) => {
    if (event.target.closest(".view-filters")) {
      event.target.classList.toggle("is-set", event.target.value !== "");
    }
  });

  // Keys: n begins an entry, / goes to the filters, Escape closes what is open.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = one("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    }
    const isTyping = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || dialog.open) {
      return;
    }
    if (event.key === "n" && one('[data-key="n"]')) {
      event.preventDefault();
      one('[data-key="n"]').click();
    } else if (event.key === "/" && one(".view-filters")) {
      event.preventDefault();
      one(".filters-button")?.setAttribute("aria-expanded", "true");
      one(".view-filters select, .view-filters input").focus();
    }
  });
})();
