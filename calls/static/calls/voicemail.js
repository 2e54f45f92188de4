// The inbox without page loads: a message that is played is heard, one that is archived leaves a line with "Undo" in its
// place, and what comes in or is changed elsewhere is shown. Nothing that is being read moves: once the reader has
// scrolled or is in the list, new messages wait behind a button. Without this script its forms do the same.
// Needs clock.js and recordings.js.
(() => {
  const page = document.getElementById("messages");
  if (!page) return;
  const { now, clock } = window.callserverClock;
  const EVERY_MS = 5000;
  const TIMEOUT_MS = 8000;
  const SCROLLED_PX = 40;
  const list = page.querySelector("[data-list]");
  const query = new URLSearchParams(location.search);
  const view = new URLSearchParams({ state: page.dataset.state });
  const arrivals = new Map(); // messages that wait to be shown
  let { seen } = page.dataset;
  let mark = "";
  let failures = 0;
  let stale = false;
  let timer = null;

  const words = page.querySelector("[data-live-words]");
  const row = (id) => document.getElementById(id);

  // 1 Showing
  const say = (text) => (page.querySelector("[data-said]").textContent = text);

  const count = (news) => document.dispatchEvent(new CustomEvent("callserver:new-messages", { detail: news.dataset.new }));

  // The control that had the focus: its likeness in the row that takes the place of the old one.
  const likeness = (fresh, focused) => {
    if (focused.matches("[data-play], [data-seek], [data-speed]")) return null; // the player sees to it itself
    const name = focused.getAttribute("value");
    const same = name && fresh.querySelector(`button[value="${name}"]`);
    return same || fresh.querySelector("[data-undo], button[name=does]");
  };

  const put = (fresh) => {
    const old = row(fresh.id);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    if (focused?.matches("input[name=note]")) return; // somebody writes there
    old.replaceWith(fresh);
    if (focused) likeness(fresh, focused)?.focus({ preventScroll: true });
  };

  const replace = (fresh) => {
    if (row(fresh.id).dataset.changed === fresh.dataset.changed) return; // it comes again for some seconds
    if (fresh.querySelector("details")) put(fresh);
    else gone(fresh);
  };

  const gone = (fresh) => {
    const old = row(fresh.id);
    const focused = old.contains(document.activeElement);
    old.replaceWith(fresh);
    if (focused) fresh.querySelector("[data-undo]").focus({ preventScroll: true });
  };

  const reading = () => scrollY > SCROLLED_PX || list.contains(document.activeElement);

  const showArrivals = () => {
    for (const fresh of [...arrivals.values()].sort((a, b) => a.dataset.message - b.dataset.message)) list.prepend(fresh);
    arrivals.clear();
    page.querySelector("[data-none]").hidden = list.children.length > 0;
    tell();
  };

  const tell = () => {
    const button = page.querySelector("[data-show]");
    const many = arrivals.size;
    button.hidden = !many && !stale;
    const what = stale ? "There is more." : `${many} new message${many === 1 ? "" : "s"}.`;
    button.querySelector("span").textContent = `${what} Show ${many === 1 && !stale ? "it" : "them"}`;
    if (failures > 1) words.textContent = "Not live. Trying again.";
  };

  page.querySelector("[data-show]").addEventListener("click", () => {
    if (stale || !("first" in page.dataset)) return location.assign(`${location.pathname}?${view}`);
    document.getElementById("list-title").focus({ preventScroll: true });
    scrollTo({ top: 0 });
    showArrivals();
  });

  const take = (news) => {
    for (const fresh of news.querySelectorAll("[data-message]")) {
      const mine = document.adoptNode(fresh);
      if (row(mine.id)) replace(mine);
      else if ("fits" in mine.dataset && "new" in mine.dataset) arrivals.set(mine.id, mine);
    }
    count(news);
    if (!arrivals.size) return;
    say(`${arrivals.size} new message${arrivals.size === 1 ? "" : "s"}`);
    if ("first" in page.dataset && !reading()) showArrivals();
  };

  // 2 Acting
  const fail = (text) => {
    const note = page.querySelector("[data-failed-act]");
    note.hidden = !text;
    note.querySelector("span").textContent = text;
  };

  const act = async (form, does) => {
    const body = new FormData(form);
    body.set("does", does);
    body.set("fragment", "1");
    const response = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 404) return fail("This message was deleted with its call.");
    if (!response.ok || response.redirected) throw new Error(`${response.status}`);
    const whole = new DOMParser().parseFromString(await response.text(), "text/html");
    const news = whole.querySelector("[data-news]");
    const fresh = document.adoptNode(news.querySelector("[data-message]"));
    fail("");
    replace(fresh);
    count(news);
    if (!fresh.querySelector("details")) say(`${fresh.querySelector(".vm-gone").textContent.trim()}.`);
  };

  const doing = (form, does) =>
    act(form, does).catch(() => fail("Nothing was changed: the server did not answer. Try again, or read the page anew."));

  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("[data-message]")) return;
    event.preventDefault();
    if (event.submitter?.value === "note") document.activeElement.blur();
    doing(form, event.submitter?.value ?? "note");
  });

  page.addEventListener("callserver:plays", (event) => {
    const heard = list.querySelector(`[data-recording="${event.detail}"] button[value=hear]`);
    if (heard) doing(heard.form, "hear");
  });

  // Arrows go from message to message, E archives: only where a message has the focus, and never while one types.
  list.addEventListener("keydown", (event) => {
    if (event.target.matches("input") || event.metaKey || event.ctrlKey || event.altKey) return;
    const here = event.target.closest("[data-message]");
    const to = { ArrowDown: here?.nextElementSibling, ArrowUp: here?.previousElementSibling }[event.key];
    if (to) {
      event.preventDefault();
      (to.querySelector("[data-play], [data-undo]") ?? to.querySelector("a, button")).focus();
      to.scrollIntoView({ block: "nearest" });
    } else if (event.key.toLowerCase() === "e") here?.querySelector("[data-away]")?.click();
  });

  // 3 Polling
  const look = async () => {
    const response = await fetch(`${page.dataset.url}?${view}&seen=${seen}&mark=${mark}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 401) return location.reload(); // the login leads back here
    if (response.status === 205) stale = true;
    else if (response.status === 200) {
      const whole = new DOMParser().parseFromString(await response.text(), "text/html");
      const news = whole.querySelector("[data-news]");
      ({ mark, seen } = news.dataset);
      take(news);
    } else if (response.status !== 204) throw new Error(`${response.status}`);
    failures = 0;
    words.textContent = `Live, as of ${clock(now(), "2-digit")}`;
  };

  const poll = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    await look().catch(() => (failures += 1));
    tell();
    timer = setTimeout(poll, EVERY_MS);
  };

  if (query.has("undo")) history.replaceState(null, "", `${location.pathname}${query.get("state") ? `?state=${query.get("state")}` : ""}${location.hash}`);
  document.addEventListener("visibilitychange", () => poll());
  timer = setTimeout(poll, EVERY_MS);
})();
