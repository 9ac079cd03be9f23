// A coder's sheet: saved as one types, and a new line for places once the last one is filled.
"use strict";

{
  const form = document.getElementById("sheet");
  const kept = document.getElementById("kept");
  const AFTER = 1500;
  const TRY_AGAIN_AFTER = 10000;
  let timer;
  let isSaved = true;

  const save = async () => {
    clearTimeout(timer);
    const sent = new FormData(form);
    try {
      const answer = await fetch(location.pathname, {
        method: "POST",
        body: sent,
        headers: { "X-Autosave": "1" },
        redirect: "error",
      });
      const found = await answer.json();
      isSaved = answer.ok;
      kept.textContent = answer.ok
        ? [`${kept.dataset.saved} ${found.at}`, found.note].filter(Boolean).join(". ")
        : found.problems[0];
      kept.classList.toggle("wrong", !answer.ok || Boolean(found.note));
    } catch {
      kept.textContent = kept.dataset.away;
      kept.classList.add("wrong");
      timer = setTimeout(save, TRY_AGAIN_AFTER);
    }
  };

  if (kept) {
    form.addEventListener("input", (event) => {
      isSaved = false;
      clearTimeout(timer);
      timer = setTimeout(save, AFTER);
      const input = event.target;
      if (input.name.endsWith("-place") && input.value && !input.nextElementSibling) {
        const next = input.cloneNode();
        next.value = "";
        input.after(next);
      }
    });
    form.addEventListener("submit", () => {
      isSaved = true;
    });
    addEventListener("beforeunload", (event) => {
      if (!isSaved) event.preventDefault();
    });
  }
}
