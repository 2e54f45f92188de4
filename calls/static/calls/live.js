// Keeps the list of calls live. A poll brings the rows that changed and all calls in progress, made by the same
// templates as the page; rows are replaced by their element's id. Needs clock.js and rows.js.
//
// Nothing that is being read moves: once the reader has scrolled, focused a row, selected or just typed text, rows
// change in place only, and what would move them waits under "3 new calls since 14:05. Show them".
let keeping = new AbortController();
const keepLive = () => {
  keeping.abort();
  const live = document.getElementById("live");
  if (!live) return;
  const { now, clock, tick } = window.callserverClock;
  const { rowsOf, patch, place, below, headDays, patchLane } = window.callserverRows;

  const EVERY_MS = 1500; // a call is there within 2 s
  const QUIET_EVERY_MS = 10_000; // once nothing has come and nobody has touched the page for QUIET_MS
  const QUIET_MS = 30 * 60_000;
  const TIMEOUT_MS = 8000;
  const OVERLAP_S = 10; // what was written this long ago is read again: ids commit out of order
  const SCROLLED_PX = 40;
  const TYPING_MS = 10_000; // after a key somebody still types: the search box stays where it is
  const MOST_ROWS = 150; // a page that stays open for days does not grow for ever

  const first = "first" in live.dataset; // the page of the newest calls
  const empty = "empty" in live.dataset; // before the first call of all
  const filters = live.dataset.filters ?? ""; // what is asked for, as in the address
  keeping = new AbortController();
  const { signal } = keeping; // aborted when another page takes this one's place
  const part = (name, within = live) => within.querySelector(`[data-${name}]`);

  // 1 What is known, and what waits
  const versions = [{ at: -Infinity, newest: Number(live.dataset.seen) }]; // newest events, by when we heard of them
  const dayTitles = new Map(); // the rows that head the days
  const arrivals = new Map(); // rows that are not on the page yet, by their id
  const changes = new Map(); // rows whose new cells wait, by their id
  let strip = null; // the calls in progress, as the last answer told them
  let stale = false; // there is more to tell than rows: the page has to be read anew
  let heldSince = null; // when the first of what waits came
  let pausedAt = null;
  let mark = "";
  let lastGood = now();
  let lastSign = Date.now(); // of a call or of a reader
  let lastTyped = -Infinity;
  let failures = 0;
  let loggedOut = false;

  const seen = () => {
    while (versions.length > 1 && versions[1].at <= now() - OVERLAP_S) versions.shift();
    return versions[0].newest;
  };

  const reading = () => {
    const focus = document.activeElement;
    if (Date.now() - lastTyped < TYPING_MS) return true;
    if (window.scrollY > SCROLLED_PX || part("recent")?.contains(focus) || part("strip")?.contains(focus)) return true;
    const selection = getSelection();
    return Boolean(selection && !selection.isCollapsed && selection.containsNode(live, true));
  };

  // 2 What a poll brought
  const take = (answer) => {
    const newest = Number(answer.body.dataset.newest);
    mark = answer.body.dataset.mark;
    if (newest > versions.at(-1).newest) versions.push({ at: now(), newest });
    if (empty) stale = true;
    const shown = rowsOf(part("recent"));
    const [highest, lowest] = [shown[0], shown.at(-1)];
    for (const title of answer.querySelectorAll("tr[data-day]:not([data-id])")) dayTitles.set(title.dataset.day, title);
    for (const fresh of rowsOf(part("recent", answer))) {
      if (document.getElementById(fresh.id)) changes.set(fresh.id, fresh);
      else if ("other" in fresh.dataset) continue; // not what is asked for
      else if (first ? !part("older") || below(lowest, fresh) : !highest || below(highest, fresh)) hold(fresh);
    }
    strip = { rows: [...part("strip", answer).rows], count: part("count", answer).dataset.count };
  };

  const hold = (fresh) => {
    heldSince ??= now();
    lastSign = Date.now();
    arrivals.set(fresh.id, document.adoptNode(fresh));
  };

  // 3 Showing what may be shown. `asked`: the reader asked for it, so things may move
  const settle = async (asked = false) => {
    if (pausedAt !== null && !asked) return;
    if (asked || !reading()) {
      const came = arrivals.size;
      if (stale || (first && came && !part("recent"))) await readAnew();
      if (first) {
        placeArrivals();
        heldSince = null;
        if (came && !asked) announce(came);
      }
      showStrip();
    } else patchStrip();
    for (const [id, fresh] of changes) {
      const row = document.getElementById(id);
      if (!row || patch(row, fresh)) changes.delete(id);
    }
  };

  const placeArrivals = () => {
    const body = part("recent");
    if (!arrivals.size || !body) return;
    for (const fresh of arrivals.values()) place(body, fresh);
    arrivals.clear();
    const older = part("older");
    const rows = rowsOf(body);
    if (older && rows.length > MOST_ROWS) {
      for (const row of rows.slice(MOST_ROWS)) row.remove();
      older.setAttribute("href", `?${filters && `${filters}&`}before=${rows[MOST_ROWS - 1].dataset.place}`);
    }
    headDays(body, dayTitles);
    tick(body);
  };

  const patchStrip = () => {
    for (const fresh of strip?.rows ?? []) {
      const row = document.getElementById(fresh.id);
      if (row) patchLane(row, fresh);
    }
  };

  const showStrip = () => {
    const body = part("strip");
    if (!strip || !body) return;
    patchStrip();
    const rows = strip.rows.map((fresh) => document.getElementById(fresh.id) ?? document.adoptNode(fresh));
    if (rows.length !== body.rows.length || rows.some((row, index) => row !== body.rows[index])) {
      body.replaceChildren(...rows);
    }
    part("strip-count").textContent = strip.count;
    part("strip-panel").hidden = !rows.length;
    strip = null;
    tick(body);
  };

  const stripWaits = () => {
    const shown = [...(part("strip")?.rows ?? [])].map((row) => row.id).join();
    return Boolean(strip) && strip.rows.map((row) => row.id).join() !== shown;
  };

  const readAnew = async () => {
    const response = await fetch(location.href, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok || response.redirected) throw new Error(`${response.status}`);
    const whole = new DOMParser().parseFromString(await response.text(), "text/html");
    const page = whole.getElementById("live");
    if (empty !== "empty" in page.dataset || !part("recent") !== !part("recent", page)) return becomeAnother(whole);
    versions.splice(0, versions.length, { at: -Infinity, newest: Number(page.dataset.seen) });
    for (const name of ["strip", "recent", "quick"]) part(name)?.replaceChildren(...(part(name, page)?.childNodes ?? []));
    part("strip-panel").hidden = part("strip-panel", page).hidden;
    part("strip-count").textContent = part("strip-count", page).textContent;
    part("older")?.setAttribute("href", part("older", page)?.getAttribute("href") ?? "?");
    [mark, strip, stale] = ["", null, false];
    arrivals.clear();
    changes.clear();
    tick();
  };

  // The first call of all, or the last one deleted: the other page takes this one's place, without a page load.
  const becomeAnother = (whole) => {
    if (signal.aborted) return;
    document.querySelector("main").replaceWith(document.adoptNode(whole.querySelector("main")));
    document.dispatchEvent(new Event("callserver:swapped"));
  };
  signal.addEventListener("abort", () => clearTimeout(timer));

  // 4 What the page says about itself
  const calls = (count) => `${count} new call${count === 1 ? "" : "s"}`;

  let quietAgain = null;
  const announce = (count) => {
    const said = part("live-said");
    if (said.textContent === calls(count)) return;
    said.textContent = calls(count);
    clearTimeout(quietAgain);
    quietAgain = setTimeout(() => (said.textContent = ""), 5000); // so that the same words are said again
  };

  // The head of the list holds the button; while it is below the window, the button floats at its lower edge.
  const keepInSight = () => {
    const button = part("live-show");
    if (button) button.classList.toggle("calls-away", button.parentElement.getBoundingClientRect().top > innerHeight - 48);
  };

  const tell = () => {
    const button = part("live-show");
    if (!button) return;
    const count = arrivals.size;
    const waits = pausedAt === null && Boolean(count || stale || (first && stripWaits()));
    const what = count ? calls(count) : stale ? "New calls" : "Calls in progress changed";
    const since = heldSince === null ? "" : ` since ${clock(heldSince)}`;
    button.querySelector("span").textContent = `${what}${since}. ${first ? "Show them" : "Go to the newest"}`;
    if (waits && button.hidden && count) announce(count);
    button.hidden = !waits;
    keepInSight();
    tellState(count);
  };

  const state = (count) => {
    const age = Math.max(0, Math.round(now() - lastGood));
    if (loggedOut) return ["off", "You were logged out."];
    if (failures > 1) return ["off", `Not live since ${clock(lastGood)}. Trying again.`];
    if (pausedAt !== null) return ["paused", `Paused at ${clock(pausedAt)}. ${count} call${count === 1 ? "" : "s"} came since.`];
    return ["on", `Live. Last looked ${age < 60 ? `${age} s` : `${Math.floor(age / 60)} min`} ago`];
  };

  const tellState = (count) => {
    const [dot, words] = state(count);
    part("live-dot").hidden = false;
    part("live-dot").dataset.state = dot;
    if (part("live-words").textContent !== words) part("live-words").textContent = words;
    part("live-pause").hidden = loggedOut;
    part("live-login").hidden = !loggedOut;
  };

  // 5 Polling
  let timer = null;
  let polling = false;

  const look = async () => {
    const url = `${live.dataset.url}?seen=${seen()}&mark=${encodeURIComponent(mark)}${filters && `&${filters}`}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 401) loggedOut = true;
    else if (response.status === 200) take(new DOMParser().parseFromString(await response.text(), "text/html"));
    else if (response.status === 205) {
      stale = true;
      heldSince ??= now();
    } else if (response.status !== 204) throw new Error(`${response.status}`);
    await settle();
    lastGood = now();
    failures = 0;
  };

  const poll = async () => {
    if (polling || document.hidden || loggedOut || signal.aborted) return;
    polling = true;
    clearTimeout(timer);
    const begun = Date.now();
    try {
      await look();
    } catch {
      failures += 1; // away, restarting or slow: the page stays readable, and we look again
    }
    polling = false;
    if (signal.aborted) return;
    tell();
    const every = Date.now() - lastSign > QUIET_MS ? QUIET_EVERY_MS : EVERY_MS;
    timer = setTimeout(poll, Math.max(0, every - (Date.now() - begun)));
  };

  // 6 What the reader does
  const sign = () => {
    const slow = Date.now() - lastSign > QUIET_MS;
    lastSign = Date.now();
    if (slow) poll();
  };
  for (const name of ["pointermove", "keydown", "scroll", "focus"]) addEventListener(name, sign, { passive: true, signal });
  addEventListener("input", () => (lastTyped = Date.now()), { passive: true, signal });
  document.addEventListener("visibilitychange", () => poll(), { signal });
  for (const name of ["scroll", "resize"]) addEventListener(name, keepInSight, { passive: true, signal });
  addEventListener("pageshow", (event) => event.persisted && poll(), { signal });

  part("live-pause")?.addEventListener("click", () => {
    pausedAt = pausedAt === null ? now() : null;
    part("pause").hidden = pausedAt !== null;
    part("go-on").hidden = pausedAt === null;
    poll();
    tell();
  });

  part("live-show")?.addEventListener("click", () => {
    if (!first) return location.assign(`${location.pathname}${filters && `?${filters}`}`);
    document.getElementById("recent").focus({ preventScroll: true }); // outside the rows: more may come in
    getSelection()?.removeAllRanges();
    scrollTo({ top: 0 });
    settle(true).then(tell, () => (failures += 1));
  });

  const telling = setInterval(() => document.hidden || tell(), 1000);
  signal.addEventListener("abort", () => clearInterval(telling));
  tell();
  timer = setTimeout(poll, EVERY_MS);
};
keepLive();
document.addEventListener("callserver:swapped", keepLive);
