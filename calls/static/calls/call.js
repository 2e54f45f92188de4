// Keeps the page of a call live while the call goes on. A poll brings the parts of the page, made by the same
// templates; a part is replaced when the server's text of it changed, by its id. Open rows, focus, a selection
// and the scroll position stay: a part in which something is selected waits.
(() => {
  const page = document.getElementById("call");
  if (!page) return;
  const { clock, now, tick, selected } = window.callserverClock;
  const TIMEOUT_MS = 8000;
  const note = page.querySelector("[data-call-note]");
  const said = page.querySelector("[data-call-said]");
  const told = new Map(); // the server's text of each part, as it came
  let lastGood = now();
  let failures = 0;

  const parts = (within) => [...within.querySelectorAll("[data-part]")];
  const story = () => document.getElementById("story");

  const say = (words, href, way) => {
    note.hidden = !words;
    if (!words) return;
    note.querySelector("[data-call-note-words]").textContent = words;
    const link = note.querySelector("[data-call-note-way]");
    link.hidden = !href;
    if (href) {
      link.href = href;
      link.textContent = way;
    }
  };

  // What stands above all that is read keeps the room that it once took, until the window gets another size.
  const ABOVE = ["story", "acts", "facts"];
  addEventListener("resize", () => ABOVE.forEach((id) => document.getElementById(id).style.removeProperty("min-height")));

  // Where the focus is in a part, in words that find it in the new one: its id, or its place among the focusable.
  const FOCUSABLE = "a[href], button, summary, [tabindex]";
  const put = (fresh) => {
    const old = document.getElementById(fresh.id);
    const text = fresh.outerHTML;
    if (told.get(fresh.id) === text || (old && selected(old))) return;
    told.set(fresh.id, text);
    if (!old) return;
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    const place = active ? [...old.querySelectorAll(FOCUSABLE)].indexOf(active) : -1;
    const scrolled = [...old.querySelectorAll("pre")].map((element) => element.scrollTop);
    const open = old.querySelector("details")?.open;
    const high = ABOVE.includes(fresh.id) ? old.offsetHeight : 0;
    old.replaceWith(fresh);
    if (high && fresh.offsetHeight < high) fresh.style.minHeight = `${high}px`;
    if (open) fresh.querySelector("details").open = true;
    [...fresh.querySelectorAll("pre")].forEach((element, index) => (element.scrollTop = scrolled[index] ?? 0));
    if (place >= 0) fresh.querySelectorAll(FOCUSABLE)[place]?.focus({ preventScroll: true });
  };

  // Put the events into the server's order, new ones among them. What is in its place already does not move.
  const arrange = (rows) => {
    const list = document.getElementById("events");
    let place = list.firstElementChild;
    let arrived = 0;
    for (const row of rows) {
      const there = document.getElementById(row.id);
      if (!there) {
        list.insertBefore(row, place);
        told.set(row.id, row.outerHTML);
        arrived += 1;
      } else if (there === place) {
        place = place.nextElementSibling;
      } else {
        const focused = there.contains(document.activeElement) ? document.activeElement : null;
        list.insertBefore(there, place);
        focused?.focus({ preventScroll: true });
      }
    }
    for (; place; place = list.lastElementChild) {
      if (rows.some((row) => row.id === list.lastElementChild.id)) break;
      list.lastElementChild.remove();
    }
    return arrived;
  };

  const take = (answer) => {
    const fresh = parts(answer).map((part) => document.importNode(part, true));
    fresh.forEach(put);
    const arrived = arrange(fresh.filter((part) => "eventRow" in part.dataset));
    tick();
    page.querySelector(".chart-scroll").dispatchEvent(new Event("chart-drawn"));
    if (arrived) said.textContent = `${arrived} new event${arrived === 1 ? "" : "s"}`;
  };

  // What would lead nowhere goes from the page: all but a call to the other side, and what somebody was writing.
  const OF_CALL = "#acts > :not(a.btn-go), .sheet, .remark-form button, [data-of-call]";
  const gone = () => {
    const focused = document.activeElement;
    for (const element of document.querySelectorAll(OF_CALL)) element.remove();
    for (const field of page.querySelectorAll(".remark-form textarea")) field.readOnly = true;
    say("This call was deleted: nothing can be done to it any more. What stands here is what was known of it.", "/", "See the calls");
    said.textContent = note.querySelector("[data-call-note-words]").textContent;
    if (!focused?.isConnected) note.querySelector("[data-call-note-way]").focus({ preventScroll: true });
    return false;
  };

  const look = async (mark = story().dataset.mark) => {
    const url = new URL(page.dataset.url, location.href);
    url.search = location.search;
    url.searchParams.set("mark", mark);
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 404) return gone();
    if (response.status === 401) {
      say("You are logged out. This page is no longer live.", page.dataset.login, "Log in");
      return false;
    }
    if (!response.ok) throw new Error(`status ${response.status}`);
    if (response.status === 200) take(new DOMParser().parseFromString(await response.text(), "text/html"));
    return true;
  };

  const poll = async () => {
    const seconds = Number(story().dataset.poll);
    if (!seconds) return;
    let goesOn = true;
    if (!document.hidden) {
      try {
        goesOn = await look();
        if (goesOn) say("");
        failures = 0;
        lastGood = now();
      } catch {
        failures += 1;
        if (failures > 1) say(`Not live since ${clock(lastGood)}. Trying again.`);
      }
    }
    if (goesOn) setTimeout(poll, Number(story().dataset.poll || seconds) * 1000);
  };

  // Another view of the chart without loading the page: what the link says stands in the address.
  page.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-view]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.href);
    try {
      await look("");
    } catch {
      location.reload();
    }
  });

  // A form marked data-stays is sent from here: the page stays, with what was done in it, and so does the focus.
  page.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-stays]");
    if (!form) return;
    event.preventDefault();
    const sent = new FormData(form, event.submitter);
    try {
      const response = await fetch(form.action, { method: "POST", body: sent, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.status === 404) return gone();
      const whole = new DOMParser().parseFromString(await response.text(), "text/html");
      const done = whole.querySelector("[data-done]");
      if (!done) return location.reload(); // logged out, or not allowed any more: the page says so
      take(whole);
      page.querySelector("[data-done]").replaceChildren(...document.importNode(done, true).childNodes);
      said.textContent = done.textContent.trim();
      if (!done.querySelector(".note-bad")) for (const field of form.querySelectorAll("textarea")) field.value = "";
    } catch {
      say("The server did not answer. Whether that was done, the page tells when it is loaded again.");
    }
  });

  page.addEventListener("click", (event) => {
    const way = event.target.closest?.("[data-focus]");
    if (!way) return;
    event.preventDefault();
    document.getElementById(way.dataset.focus)?.focus();
  });

  // What the server sent is remembered as it came: open rows and running times must not count as changes.
  parts(page).forEach((part) => {
    const copy = part.cloneNode(true);
    for (const details of copy.querySelectorAll("details")) details.open = false;
    told.set(part.id, copy.outerHTML);
  });
  setTimeout(poll, Number(story().dataset.poll) * 1000);
})();
