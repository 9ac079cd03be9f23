// After a cell's evidence is swapped in, bring it into view and tell where focus now is.
document.addEventListener("htmx:afterSwap", (event) => {
  const panel = event.target.id === "evidence" ? event.target : document.getElementById("evidence");
  if (!panel || !panel.children.length) return;
  panel.scrollIntoView({ block: "start" });
  panel.focus({ preventScroll: true });
});
