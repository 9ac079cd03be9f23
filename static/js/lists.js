// Small manners of lists: tables beside charts open on a button, empty filters stay out of the
// address, a swap tells its new count, and on a phone the filters wait folded.
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.toggle");
    if (!button) return;
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", open);
    button.closest(".as-table").toggleAttribute("data-open", open);
  });

  document.addEventListener("htmx:configRequest", (event) => {
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") event.detail.formData.delete(name);
    }
  });

  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const field of event.target.elements) {
      if (field.name && field.value === "") field.disabled = true;
    }
    setTimeout(() => {
      for (const field of event.target.elements) field.disabled = false;
    });
  });

  // A refused filter says why in the list itself; what holds no list is shown as a page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (detail.xhr.status !== 400 || detail.target.id !== "list") return;
    if (detail.serverResponse.includes('id="list"')) {
      detail.shouldSwap = true;
      detail.isError = false;
    } else {
      window.location.assign(detail.xhr.responseURL);
    }
  });

  // Who filters stays where they were: in the same field, or, where that is gone, at the count.
  let focused = "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "list") return;
    focused = document.activeElement?.id || "";
    if (open === null && sheet()) open = sheet().open;
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "list") return;
    fold();
    if (document.activeElement === document.body) {
      const place = (focused && document.getElementById(focused)) || document.querySelector("[data-announce]");
      place?.focus({ preventScroll: true });
    }
    const count = document.querySelector("[data-announce]");
    if (count) document.getElementById("announce").textContent = count.textContent.trim();
  });

  // On a phone the sheet begins folded; a swap leaves it as the reader left it.
  const narrow = window.matchMedia("(max-width: 820px)");
  const sheet = () => document.querySelector("details.filter-sheet");
  let open = null;
  function fold() {
    if (open === null && narrow.matches) open = false;
    if (open !== null && sheet()) sheet().toggleAttribute("open", open);
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("details.filter-sheet > summary")) open = !sheet().open;
  });
  narrow.addEventListener("change", () => {
    if (!narrow.matches) open = true;
    fold();
  });
  document.addEventListener("DOMContentLoaded", fold);
})();
