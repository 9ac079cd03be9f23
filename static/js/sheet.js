// A coder's sheet: saved as one types, and a new line for places once the last one is filled. And the
// page on which sheets are compared: nothing is sent that would be gone.
"use strict";

{
  const sheet = document.getElementById("sheet");
  const compare = document.getElementById("compare");
  const kept = document.getElementById("kept");
  const AFTER = 1500;
  // Steady typing has no pause to wait for.
  const WITHIN = 5000;
  const TRY_AGAIN_AFTER = 10000;

  // Signed in anew in another tab, a form would carry a token that is not good any more.
  const renew = (form) => {
    const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1];
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    if (cookie && token) token.value = cookie;
  };
  const hold = () => {
    kept.textContent = kept.dataset.away;
    kept.classList.add("wrong");
  };

  if (sheet && kept) {
    let timer;
    let within = null;
    let isSaved = true;
    // What is typed while a sheet is on its way is not saved with it.
    let typed = 0;
    let isAway = false;

    const save = async () => {
      clearTimeout(timer);
      renew(sheet);
      const sent = typed;
      try {
        const answer = await fetch(location.pathname, {
          method: "POST",
          body: new FormData(sheet),
          headers: { "X-Autosave": "1" },
          redirect: "error",
        });
        const found = await answer.json();
        isAway = false;
        if (answer.ok && sent !== typed) return;
        isSaved = answer.ok;
        kept.textContent = answer.ok
          ? [`${kept.dataset.saved} ${found.at}`, found.note].filter(Boolean).join(". ")
          : found.problems[0];
        kept.classList.toggle("wrong", !answer.ok || Boolean(found.note));
      } catch {
        isAway = true;
        hold();
        timer = setTimeout(save, TRY_AGAIN_AFTER);
      }
    };

    sheet.addEventListener("input", (event) => {
      isSaved = false;
      typed += 1;
      clearTimeout(timer);
      timer = setTimeout(save, AFTER);
      within ??= setTimeout(() => {
        within = null;
        if (!isSaved) save();
      }, WITHIN);
      const input = event.target;
      if (input.name.endsWith("-place") && input.value && !input.nextElementSibling) {
        const next = input.cloneNode();
        next.value = "";
        input.after(next);
      }
    });
    sheet.addEventListener("focusout", () => {
      if (!isSaved) save();
    });
    sheet.addEventListener("submit", async (event) => {
      if (isSaved) return;
      event.preventDefault();
      await save();
      if (isAway) return;
      isSaved = true;
      sheet.requestSubmit(event.submitter);
    });
    addEventListener("beforeunload", (event) => {
      if (!isSaved) event.preventDefault();
    });
  }

  if (compare && kept) {
    let isTyped = Boolean(compare.querySelector("[data-typed]"));
    let isSure = false;
    compare.addEventListener("input", () => {
      isTyped = true;
    });
    compare.addEventListener("submit", async (event) => {
      if (isSure) return;
      event.preventDefault();
      const { submitter } = event;
      const answer = await fetch(location.pathname, { redirect: "error" }).catch(() => null);
      if (!answer?.ok) {
        hold();
        submitter?.after(kept);
        return;
      }
      renew(compare);
      // What is typed under other subjects comes back with the page.
      isSure = true;
      isTyped = false;
      compare.requestSubmit(submitter);
    });
    addEventListener("pageshow", () => {
      isSure = false;
    });
    addEventListener("beforeunload", (event) => {
      if (isTyped) event.preventDefault();
    });
  }
}
