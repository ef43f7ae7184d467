// The reference of the API: finding an operation, opening the one an address names, copying a command.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const field = document.getElementById("api-filter");
  const found = document.getElementById("api-found");
  const told = document.getElementById("api-told");
  const operations = all(".api-operation");
  const texts = new Map(operations.map((one) => [one.id, one.textContent.toLowerCase()]));

  // Every word must be somewhere in the operation; the contents and the page show the same ones.
  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (name) => words.every((word) => texts.get(name).includes(word));
    let count = 0;
    for (const one of operations) {
      one.hidden = !fits(one.id);
      count += one.hidden ? 0 : 1;
    }
    for (const entry of all(".api-list [data-operation]")) {
      entry.hidden = !fits(entry.dataset.operation);
    }
    for (const section of all(".api-section")) {
      section.hidden = all(".api-operation:not([hidden])", section).length === 0;
      document.querySelector(`.api-list a[href="#${section.id}"]`).parentElement.hidden = section.hidden;
    }
    for (const section of all(".api-words")) {
      section.hidden = words.length > 0;
    }
    found.textContent = words.length ? `${count} of ${operations.length} operations` : "";
  };
  field.addEventListener("input", filter);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      field.value = "";
      filter();
    }
  });

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      field.focus();
    }
  });

  const openNamed = () => {
    const named = document.getElementById(location.hash.slice(1));
    if (!named) {
      return;
    }
    if (named.closest(".api-section, .api-words")?.hidden || named.hidden) {
      field.value = "";
      filter();
    }
    if (named.matches(".api-operation")) {
      named.open = true;
      named.querySelector("summary").focus({ preventScroll: true });
    }
    named.scrollIntoView();
  };
  addEventListener("hashchange", openNamed);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) {
      return;
    }
    const text = button.parentElement.querySelector("pre").textContent;
    try {
      await navigator.clipboard.writeText(text);
      told.textContent = button.textContent = "Copied";
    } catch {
      // Without the clipboard the text is marked, for the reader to copy.
      getSelection().selectAllChildren(button.parentElement.querySelector("pre"));
      told.textContent = button.textContent = "Marked";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });

  // On a narrow screen the contents stand above everything: closed until they are wanted.
  if (matchMedia("(max-width: 64rem)").matches) {
    document.querySelector(".api-list").open = false;
  }

  // Paper has no lids.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = operations.filter((one) => !one.open);
    closed.forEach((one) => (one.open = true));
  });
  addEventListener("afterprint", () => closed.forEach((one) => (one.open = false)));

  openNamed();
})();
