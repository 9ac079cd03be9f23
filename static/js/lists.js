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

  document.addEventListener("htmx:afterSettle", () => {
    const count = document.querySelector("[data-announce]");
    if (count) document.getElementById("announce").textContent = count.textContent.trim();
    fold();
  });

  // On a phone the sheet begins folded; a swap leaves it as the reader left it.
  const narrow = window.matchMedia("(max-width: 820px)");
  let open = null;
  function fold() {
    const sheet = document.querySelector("details.filter-sheet");
    if (!sheet) return;
    if (open === null && narrow.matches) open = false;
    if (open !== null) sheet.toggleAttribute("open", open);
    sheet.querySelector("summary").addEventListener("click", () => { open = !sheet.open; });
  }
  document.addEventListener("DOMContentLoaded", fold);
})();
