// Follows a file on its way in, and shows the page anew once that has ended.
"use strict";

{
  const EVERY = 700;

  const look = async () => {
    const shown = document.getElementById("on-its-way");
    let found;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.statusText);
      found = new DOMParser()
        .parseFromString(await answer.text(), "text/html")
        .getElementById("on-its-way");
    } catch {
      setTimeout(look, 5 * EVERY); // the server is away for a moment
      return;
    }
    if (!found?.hasAttribute("data-goes-on")) {
      location.reload();
      return;
    }
    for (const part of ["p", "progress"]) {
      const [old, now] = [shown.querySelector(part), found.querySelector(part)];
      if (part === "p" && old.textContent !== now.textContent) old.textContent = now.textContent;
      if (part === "progress") [old.max, old.value] = [now.max, now.value];
    }
    setTimeout(look, EVERY);
  };

  setTimeout(look, EVERY);
}
