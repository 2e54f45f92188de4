// Narrows and pages the list of calls without loading the page anew: links and the form marked data-swap are asked
// for here, and <main> is replaced by that of the answer. While that takes long a skeleton stands in the list's place;
// where it fails the page says so, and what was there comes back with the next try. Without this script they are
// links and a form like any other. Needs clock.js; live.js begins anew with the new page.
(() => {
  const SOON_MS = 200; // what takes less needs no skeleton
  const TIMEOUT_MS = 10_000;
  let asked = null; // the request under way

  const list = () => document.querySelector("[data-list]");

  const show = (name) => {
    const within = list();
    if (!within) return;
    for (const old of within.querySelectorAll(".calls-instead")) old.remove();
    const instead = document.createElement("div");
    instead.className = "calls-instead";
    instead.append(within.querySelector(`template[data-${name}]`).content.cloneNode(true));
    within.append(instead);
    within.classList.add("calls-swapping");
  };

  const page = async (url, signal) => {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    if (!response.ok) throw new Error(`${response.status}`);
    const whole = new DOMParser().parseFromString(await response.text(), "text/html");
    return { whole, url: response.url };
  };

  const replace = ({ whole, url }, push, block) => {
    const focused = document.activeElement?.id;
    const [main, fresh] = [document.querySelector("main"), whole.querySelector("main")];
    if (!whole.getElementById("live")) return location.assign(url); // logged out
    const caret = document.activeElement?.selectionStart;
    main.replaceWith(document.adoptNode(fresh));
    document.title = whole.title;
    if (push) history.pushState(null, "", url);
    document.dispatchEvent(new Event("callserver:swapped"));
    const again = (focused && document.getElementById(focused)) || document.getElementById("recent");
    again?.focus({ preventScroll: true });
    if (again?.type === "search" && caret !== undefined) again.setSelectionRange(caret, caret);
    if (scrollY > 0) list()?.scrollIntoView({ block });
  };

  // `block`: where the list is to stand in the window afterwards.
  const go = async (url, push, block = "nearest") => {
    asked?.abort();
    const mine = (asked = new AbortController());
    list()?.setAttribute("aria-busy", "true");
    const later = setTimeout(() => show("loading"), SOON_MS);
    try {
      const found = await page(url, mine.signal);
      if (!mine.signal.aborted) replace(found, push, block);
    } catch {
      if (mine.signal.aborted) return;
      clearTimeout(later);
      show("failed");
      list()?.removeAttribute("aria-busy");
      const again = list()?.querySelector(".calls-instead [data-again]");
      again?.setAttribute("href", url);
      again?.setAttribute("data-swap", "");
    } finally {
      clearTimeout(later);
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-swap]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.href, true, link.closest(".pager") ? "start" : "nearest"); // another page is read from its beginning
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-swap]");
    if (!form) return;
    event.preventDefault();
    const given = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(given).toString();
    go(`${form.action}${query && `?${query}`}`, true);
  });

  document.addEventListener("change", (event) => {
    const { target } = event;
    if (!target.matches?.("form[data-swap] :is(select, [type=date])")) return;
    const { days, since, until } = target.form.elements; // what was chosen last counts
    if (target === days) {
      if (days.value) [since.value, until.value] = ["", ""];
      target.form.requestSubmit();
    } else if (target.value) days.value = "";
  });

  addEventListener("popstate", () => go(location.href, false));
})();
