// Names the boxes that Select2 puts in the place of selects, as the selects themselves are named.
"use strict";

globalThis.nameChoice = (select) => {
  const column = [...(select.closest("tr")?.children || [])].indexOf(select.closest("td"));
  const head = select.closest("table")?.querySelectorAll("thead th")[column];
  const name =
    select.labels?.[0]?.firstChild?.textContent ||
    select.getAttribute("aria-label") ||
    head?.textContent;
  const box = select.nextElementSibling;
  if (!name || !box) return;
  const combobox = box.querySelector(".select2-selection");
  combobox?.removeAttribute("aria-labelledby");
  for (const part of ["", " [role=textbox]"]) {
    box.querySelector(`.select2-selection${part}`)?.setAttribute("aria-label", name.trim());
  }
  box.querySelector(".select2-search__field")?.setAttribute("aria-label", name.trim());
};

{
  // Django prepares the selects of its own forms whenever it is ready, and those of added rows.
  const nameAll = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      nameChoice(select);
    }
  };
  new MutationObserver((changes) => {
    const isNew = (node) => node.classList?.contains("select2-container");
    if (changes.some((change) => [...change.addedNodes].some(isNew))) nameAll();
  }).observe(document.documentElement, { childList: true, subtree: true });
}
