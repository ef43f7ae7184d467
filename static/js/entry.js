// The entry form: after saving it is ready for the next load at once, and what was typed is never lost.
(() => {
  "use strict";
  const KEY_BYTES = 18;
  const entry = document.getElementById("entry");
  if (!entry) {
    return;
  }
  const form = () => document.getElementById("records-form");
  let opener = null;

  document.body.addEventListener("htmx:afterSwap", () => {
    takeAhead();
    entry.classList.toggle("is-open", form() !== null);
    showPlace();
  });
  entry.classList.toggle("is-open", form() !== null);

  const showPlace = () => {
    const place = entry.querySelector("[aria-invalid]") ?? entry.querySelector("[data-first]");
    if (form() && !form().dataset.begun) {
      form().dataset.begun = "yes";
      if (form().querySelector("[aria-invalid], .form-problem, .asked")) {
        form().dataset.typed = "yes";
      }
      place?.focus();
      if (place instanceof HTMLInputElement && place.type === "text") {
        place.select();
      }
    }
  };
  showPlace();

  entry.addEventListener("input", (event) => {
    form().dataset.typed = "yes";
    const field = event.target;
    if (field.getAttribute("aria-invalid") === "true") {
      field.removeAttribute("aria-invalid");
    }
  });

  // A form opened over another one would lose what was typed: the first one stays until it is saved or closed.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const asker = event.detail.elt;
    if (event.detail.target === entry && asker !== form()) {
      const isSameForm = asker.dataset.key === "n" && form()?.dataset.entry === "new";
      if (isSameForm || (form()?.dataset.typed && !confirm(entry.dataset.question))) {
        event.preventDefault();
        entry.querySelector("[data-first]")?.focus();
        return;
      }
      opener = asker.id;
    }
  });

  // Nothing later than today's is moved by what is entered for today.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const effect = event.detail.elt;
    const day = form()?.elements.date?.value ?? "";
    if (effect.id === "records-effect" && (day === "" || day >= effect.dataset.today)) {
      event.preventDefault();
      effect.replaceChildren();
    }
  });

  // On a slow line the next load is typed while the last one is still being saved: it stays.
  let sent = new Map();
  let ahead = new Map();
  const fields = () => [...form().querySelectorAll("input, select, textarea")].filter((field) => field.type !== "hidden");
  const typedAhead = () =>
    new Map(fields().filter((field) => sent.has(field.name) && sent.get(field.name) !== field.value).map((field) => [field.name, field.value]));
  document.body.addEventListener("htmx:beforeSend", (event) => {
    if (event.detail.elt === form()) {
      sent = new Map(fields().map((field) => [field.name, field.value]));
    }
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    ahead = event.detail.elt === form() ? typedAhead() : new Map();
  });
  const takeAhead = () => {
    for (const [name, value] of form() ? ahead : []) {
      if (form().elements[name]) {
        form().elements[name].value = value;
      }
    }
    ahead = new Map();
  };

  document.body.addEventListener("record-saved", () => {
    const saved = form();
    if (!saved) {
      return;
    }
    const next = typedAhead();
    for (const told of saved.querySelectorAll(".problem, .form-problem, .theirs, .asked, .effect > *")) {
      told.remove();
    }
    // Asked no more, saving is again what the form is for.
    saved.querySelector(".form-foot [type=submit]").classList.remove("quiet");
    for (const field of saved.querySelectorAll("input, select, textarea")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
      if (field.type !== "hidden" && !("kept" in field.dataset) && !next.has(field.name)) {
        empty(field);
      }
    }
    saved.elements.clientKey.value = newKey();
    if (next.size > 0) {
      return;
    }
    delete saved.dataset.typed;
    saved.querySelector(".input:not(:has([data-kept])) :is(input, select, textarea)")?.focus();
  });

  // Back to what an untouched form begins with; a refused one begins with what was typed.
  const empty = (field) => {
    if (field instanceof HTMLSelectElement) {
      const first = field.dataset.empty ?? "";
      const known = [...field.options].some((option) => option.value === first);
      field.value = known ? first : field.options[0].value;
    } else {
      field.value = "";
    }
  };

  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
  };

  const close = () => {
    entry.replaceChildren();
    entry.classList.remove("is-open");
    (document.getElementById(opener) ?? document.getElementById("add"))?.focus();
  };
  document.body.addEventListener("record-corrected", close);
  entry.addEventListener("click", (event) => {
    if (event.target.closest("[data-closes-entry]")) {
      close();
    }
  });
  entry.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !form()?.dataset.typed) {
      close();
    }
  });

  addEventListener("beforeunload", (event) => {
    if (form()?.dataset.typed) {
      event.preventDefault();
    }
  });
})();
