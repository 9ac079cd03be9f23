// After a cell's evidence is swapped in, bring it into view and tell where focus now is.
document.addEventListener("htmx:afterSwap", (event) => {
  const panel = document.getElementById("evidence");
  if (event.detail.target.id !== "evidence" || !panel || !panel.children.length) return;
  panel.scrollIntoView({ block: "start" });
  panel.focus({ preventScroll: true });
});
