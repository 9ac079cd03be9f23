// The page of a record at the desk: tabs, cards that are added and removed, dates read as one
// types, places cited in two keystrokes, and everything typed kept on the server.
"use strict";

{
  const form = document.getElementById("record-form");
  const KEEP_AFTER = 1500;
  // What a source vouches for: all of a record or part, and no single field of it.
  const WHOLE = "*";
  // Steady typing has no pause to wait for.
  const KEEP_WITHIN = 5000;
  const TRY_AGAIN_AFTER = 10000;
  const READ_AFTER = 250;

  const later = (wait, act) => {
    let timer;
    return (...args) => {
      clearTimeout(timer);
      timer = setTimeout(() => act(...args), wait);
    };
  };
  const csrfCookie = () => document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1];

  // --- Records to choose from: Select2 where it can be seen, since a case has hundreds ---------

  const prepare = (root) => {
    for (const select of root.querySelectorAll("select.admin-autocomplete")) {
      if (select.offsetParent === null && !select.closest("dialog")) continue;
      if (select.classList.contains("select2-hidden-accessible")) continue;
      const $ = django.jQuery;
      $(select)
        .select2({
          ajax: {
            data: (params) => ({
              term: params.term,
              page: params.page,
              app_label: select.dataset.appLabel,
              model_name: select.dataset.modelName,
            }),
          },
        })
        .on("select2:select", (event) => {
          const { definition } = event.params.data;
          let words = select.parentElement.querySelector(".definition");
          if (!words) {
            words = document.createElement("p");
            words.className = "help definition";
            select.parentElement.append(words);
          }
          words.textContent = definition || "";
        })
        .on("change", () => changed());
      nameChoice(select);
    }
    for (const input of root.querySelectorAll("input.edtf")) if (input.value) read(input);
  };

  // --- Tabs -------------------------------------------------------------------------------------

  const tabs = [...document.querySelectorAll(".tab")];
  const links = [...document.querySelectorAll(".tabs a")];

  const show = (id) => {
    const target = document.getElementById(id);
    const tab = target?.closest(".tab") || tabs[0];
    for (const one of tabs) one.hidden = one !== tab;
    const bar = form?.querySelector(".save-bar");
    if (bar) bar.hidden = !form.contains(tab);
    for (const link of links) {
      if (link.hash === `#${tab.id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (let one = target; one && one !== tab; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
    }
    prepare(tab);
    if (target && target !== tab) target.scrollIntoView({ block: "start" });
  };
  const showHash = () => show(decodeURIComponent(location.hash.slice(1)) || tabs[0].id);

  // A value is found by its path in the record, such as accounts.early-exit.position.
  const goTo = (path) => {
    const found =
      document.querySelector(`[data-path="${CSS.escape(path)}"]:not(a)`) ||
      document.querySelector(`[data-path^="${CSS.escape(path)}-"]:not(a)`) ||
      document.querySelector(`[data-path^="${CSS.escape(path)}"]:not(a)`);
    if (!found) return;
    const element = found.matches("input, select, textarea") ? found : found.querySelector("input");
    const cell = found.closest(".cell") || found;
    if (!cell.id) cell.id = `at-${path.replaceAll(".", "-")}`;
    show(cell.id);
    (element || found).focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-path]");
    if (!link) return;
    event.preventDefault();
    goTo(link.dataset.path);
  });

  // --- Cards and places -------------------------------------------------------------------------

  let number = 1000;
  const fill = (template, depth) => {
    number += 1;
    const made = document.createElement("template");
    made.innerHTML = template.innerHTML.replaceAll(`__${depth}__`, String(number));
    return made.content.firstElementChild;
  };
  const depthOf = (template) =>
    template.innerHTML.match(/name="(?:[^"]*-)?__(\d)__-here"/)?.[1] || "1";

  const addCard = (button) => {
    const list = button.closest(".tab, .below");
    const template = button.parentElement.nextElementSibling;
    const card = fill(template, button.dataset.depth);
    button.parentElement.previousElementSibling.append(card);
    prepare(list);
    card.querySelector("input:not([type=hidden]), textarea, select, .select2-selection")?.focus();
    changed();
    return card;
  };

  const addPlace = (section, values = {}) => {
    const template = section.querySelector(":scope > template.blank-place");
    const item = fill(template, depthOf(template));
    section.querySelector(":scope > .place-list").append(item);
    const field = (name) => item.querySelector(`[name$="-${name}"]`);
    if (values.for_field) field("for_field").value = values.for_field;
    if (values.publication) {
      const option = new Option(values.publication_label, values.publication, true, true);
      field("publication").append(option);
    }
    if (values.locator_type) field("locator_type").value = values.locator_type;
    if (values.locator) field("locator").value = values.locator;
    prepare(item);
    changed();
    return field("locator");
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.classList.contains("add")) addCard(button);
    else if (button?.classList.contains("cite")) openPicker(button.closest(".places"), "");
    else if (button?.classList.contains("comment-on")) {
      const input = document.getElementById("comment-field");
      input.value = button.dataset.field.replace(/\.$/, "");
      show("talk");
      document.getElementById("comment-text").focus();
    }
  });
  form?.addEventListener("change", (event) => {
    if (!event.target.matches(".remove input")) return;
    event.target.closest(".place, .card").classList.toggle("gone", event.target.checked);
  });
  document.addEventListener("toggle", (event) => {
    if (event.target.open) prepare(event.target);
  }, true);

  // --- Places: Alt+C cites for the field in focus; Enter takes what matches what was typed --------

  const picker = document.getElementById("picker");
  const term = document.getElementById("picker-term");
  const found = document.getElementById("picker-found");
  const none = document.getElementById("picker-none");
  let citing = null;
  let citingFor = "";
  let cited = [];

  const placesHere = () => {
    const seen = new Map();
    for (const item of form.querySelectorAll(".place")) {
      const value = (name) => item.querySelector(`[name$="-${name}"]`);
      const publication = value("publication");
      const locator = value("locator").value.trim();
      if (!publication.value || !locator) continue;
      const label = publication.selectedOptions[0]?.textContent || publication.value;
      const place = {
        publication: publication.value,
        publication_label: label,
        locator_type: value("locator_type").value,
        locator,
        text: `${label}, ${locator}`,
      };
      const key = `${place.publication} ${place.locator_type} ${locator}`;
      seen.delete(key);
      seen.set(key, place);
    }
    const last = cited.filter((place) => place);
    return [...last, ...[...seen.values()].reverse()].filter(
      (place, at, all) => all.findIndex((one) => one.text === place.text) === at,
    );
  };
  const offer = (places) => {
    found.replaceChildren(
      ...places.slice(0, 30).map((place) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = place.text;
        button.addEventListener("click", () => take(place));
        item.append(button);
        return item;
      }),
    );
  };
  const take = (place) => {
    cited = [place, ...cited];
    picker.close();
    const input = addPlace(citing, { ...place, for_field: citingFor });
    input.focus();
    input.scrollIntoView({ block: "nearest" });
  };
  // A number is a whole one: the 2 of “para 2” is not in 2017.
  const isIn = (word, text) =>
    /^\d+$/.test(word) ? new RegExp(`(^|\\D)${word}(\\D|$)`).test(text) : text.includes(word);
  // Those that hold every word, first the ones that begin as what was typed, and say least more.
  const nearby = () => {
    const words = term.value.toLowerCase().split(/[\s,()]+/).filter(Boolean);
    const found = placesHere()
      .map((place) => ({ place, text: place.text.toLowerCase() }))
      .filter(({ text }) => words.every((word) => isIn(word, text)));
    if (words.length) {
      const begins = ({ text }) => text.indexOf(words[0]);
      found.sort((one, two) => begins(one) - begins(two) || one.text.length - two.text.length);
    }
    return found.map(({ place }) => place);
  };
  // What the server was last asked for, and its answer; another term is another question.
  let question = null;
  let answered = Promise.resolve();
  const ask = () => {
    if (question === term.value) return answered;
    question = term.value;
    answered = (async (asked) => {
      const answer = await fetch(
        `${form.dataset.places}?${new URLSearchParams({ term: asked })}`,
      ).catch(() => null);
      const far = answer?.ok ? (await answer.json()).results : [];
      if (!picker.open || asked !== term.value) return;
      const near = nearby();
      const known = new Set(near.map((place) => place.text));
      offer([...near, ...far.filter((place) => !known.has(place.text))]);
      none.hidden = found.childElementCount > 0;
    })(question);
    return answered;
  };
  const askSoon = later(READ_AFTER, ask);
  const look = () => {
    none.hidden = true;
    offer(nearby());
    askSoon();
  };
  const openPicker = (section, field) => {
    citing = section;
    citingFor = field;
    question = null;
    term.value = "";
    offer(placesHere());
    picker.showModal();
    term.focus();
    ask();
  };
  // The field that an input belongs to; the two inputs of a date belong to one.
  const fieldOf = (element) => {
    const input = element?.closest("[data-path]") || element?.closest(".cell")?.querySelector("[data-path]");
    return input?.dataset.path.split(".").pop().replace(/-(edtf|printed)$/, "") || "";
  };
  if (form && picker) {
    term.addEventListener("input", look);
    term.addEventListener("keydown", async (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const typed = term.value;
      if (!nearby().length) await ask();
      // Whoever goes on typing while the answer is on its way has not chosen yet.
      if (picker.open && term.value === typed) found.querySelector("button")?.click();
    });
    document.getElementById("picker-close").addEventListener("click", () => picker.close());
    document.getElementById("picker-new").addEventListener("click", () => {
      picker.close();
      const { publication, publication_label } = placesHere()[0] || {};
      addPlace(citing, { publication, publication_label, for_field: citingFor }).focus();
    });
    // With no field in focus, the card is meant that one was in last, or the tab that is shown.
    let last = null;
    form.addEventListener("focusin", (event) => {
      last = event.target.closest(".card, .tab") || last;
    });
    document.addEventListener("keydown", (event) => {
      if (!event.altKey || event.key.toLowerCase() !== "c") return;
      const shown = tabs.find((tab) => !tab.hidden);
      const here = document.activeElement?.closest(".card, .tab");
      const card = here || (last && shown?.contains(last) ? last : shown);
      const section = card?.querySelector(":scope > .places");
      if (!section || form.querySelector(".whole").disabled) return;
      event.preventDefault();
      openPicker(section, event.shiftKey ? WHOLE : here ? fieldOf(document.activeElement) : "");
    });
  }

  // --- Dates: how what is typed will be read ------------------------------------------------------

  const read = async (input) => {
    const output = input.closest(".cell").querySelector(".reading");
    if (!input.value.trim()) {
      output.textContent = "";
      return;
    }
    const answer = await fetch(
      `${form.dataset.reading}?${new URLSearchParams({ text: input.value })}`,
    ).catch(() => null);
    if (!answer?.ok) return;
    const date = await answer.json();
    const limits = [date.earliest || "…", date.latest || "…"].join(" to ");
    const names = [...new Set([date.words, date.edtf])].join(", ");
    output.textContent = date.edtf ? `${names}: ${limits}` : date.problem;
    output.classList.toggle("wrong", !date.edtf);
  };
  // One for each: whoever types the next date must not stop the last one from being read.
  const readers = new WeakMap();
  const readSoon = (input) => {
    if (!readers.has(input)) readers.set(input, later(READ_AFTER, read));
    readers.get(input)(input);
  };

  // --- Nothing typed is lost ------------------------------------------------------------------

  const kept = document.getElementById("kept");
  let isDirty = form?.hasAttribute("data-dirty");
  let isKept = !isDirty;
  let isLeaving = false;

  const body = () => {
    const data = new FormData(form);
    data.delete("csrfmiddlewaretoken");
    return new URLSearchParams(data);
  };
  let keeping = null;
  let isAway = false;
  const keep = () => (keeping ??= sendToKeep().finally(() => (keeping = null)));
  const sendToKeep = async () => {
    if (!isDirty || isKept || isLeaving) return;
    isKept = true;
    const sent = body().toString();
    const answer = await fetch(form.dataset.keep, {
      method: "POST",
      headers: {
        "X-CSRFToken": csrfCookie() || "",
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: sent,
      redirect: "error",
      // Goes on when the page is left; browsers carry so much and no more.
      keepalive: sent.length < 60000,
    }).catch(() => null);
    // Redirected to sign-in, or refused for want of a cookie: so would be what is sent.
    isAway = !answer || [401, 403, 404].includes(answer.status);
    if (answer?.ok) {
      kept.textContent = `Kept at ${(await answer.json()).at}, not saved yet`;
      kept.classList.remove("wrong");
    } else {
      isKept = false;
      // The link to sign in stays under the pointer of whoever is about to follow it.
      if (!kept.querySelector("a")) {
        kept.textContent = "Not kept: is the connection there, and are you still signed in?";
      }
      kept.classList.add("wrong");
      setTimeout(keep, TRY_AGAIN_AFTER);
    }
  };
  const keepSoon = later(KEEP_AFTER, keep);
  let within = null;
  function changed() {
    isDirty = true;
    isKept = false;
    keepSoon();
    within ??= setTimeout(() => {
      within = null;
      keep();
    }, KEEP_WITHIN);
  }

  if (form) {
    form.addEventListener("input", (event) => {
      if (event.target.matches("input.edtf")) readSoon(event.target);
      changed();
    });
    form.addEventListener("change", changed);
    form.addEventListener("focusout", keep);
    addEventListener("pagehide", keep);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") keep();
    });
    let isSure = false;
    form.addEventListener("submit", async (event) => {
      if (isDirty && !isSure) {
        // Sent while signed out, it would come to the sign-in page, and be gone.
        event.preventDefault();
        const { submitter } = event;
        await keeping;
        isKept = false;
        await keep();
        if (isAway) {
          const signIn = document.createElement("a");
          Object.assign(signIn, { href: form.dataset.signIn, target: "_blank" });
          signIn.textContent = kept.dataset.signIn;
          kept.replaceChildren(`${kept.dataset.held} `, signIn);
          return;
        }
        isSure = true;
        form.requestSubmit(submitter);
        return;
      }
      isLeaving = true;
      // Signed in anew in another tab, the form would carry a token that is not good any more.
      const cookie = csrfCookie();
      const token = form.querySelector("[name=csrfmiddlewaretoken]");
      if (cookie && token) token.value = cookie;
    });
    addEventListener("pageshow", () => {
      isLeaving = isSure = false;
    });
    const comment = document.getElementById("comment-text");
    let isCommenting = false;
    comment?.form.addEventListener("submit", () => {
      isCommenting = true;
    });
    addEventListener("beforeunload", (event) => {
      const hasComment = comment?.value.trim() && !isCommenting;
      if ((isDirty && !isLeaving) || hasComment) event.preventDefault();
    });
  }

  addEventListener("hashchange", showHash);
  if (tabs.length) {
    document.body.classList.add("has-tabs");
    const wrong = form?.querySelector(".cell.wrong, .card .problems, .places.wrong");
    if (wrong) {
      wrong.id ||= "first-problem";
      const link = document.getElementById("to-problem");
      if (link) link.hash = wrong.id;
      show(wrong.id);
      document.getElementById("problems")?.scrollIntoView({ block: "start" });
    } else showHash();
    if (isDirty) keepSoon();
  }
}
