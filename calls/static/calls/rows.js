// Rows of calls: put in place, changed cell by cell, headed by their days. Used by live.js.
window.callserverRows = (() => {
  const { tick, selected } = window.callserverClock;

  const rowsOf = (body) => (body ? [...body.querySelectorAll("tr[data-id]")] : []);

  // Put the new cells into a row. A cell in which something is selected waits; focus goes on in its new cell.
  // Says whether all of it is done.
  const patch = (row, fresh) => {
    let whole = true;
    tick(fresh); // or a running time alone would count as a change
    [...fresh.cells].forEach((cell, place) => {
      const old = row.cells[place];
      if (!old || old.innerHTML === cell.innerHTML) return;
      if (selected(old)) {
        whole = false;
        return;
      }
      const links = [...old.querySelectorAll("a, button")];
      const focused = links.indexOf(document.activeElement);
      old.replaceChildren(...cell.cloneNode(true).childNodes);
      if (focused >= 0) old.querySelectorAll("a, button")[focused]?.focus({ preventScroll: true });
    });
    return whole;
  };

  // Whether a row stands below another: its start is earlier, or its key smaller. See place_of in dashboard/paging.py.
  const below = (row, other) => {
    const [[start, id], [otherStart, otherId]] = [row, other].map((one) => one.dataset.place.split("-").map(Number));
    return start < otherStart || (start === otherStart && id < otherId);
  };

  // Put a row where it belongs, newest first.
  const place = (body, fresh) => {
    const next = rowsOf(body).find((row) => below(row, fresh));
    body.insertBefore(fresh, next ?? null);
    fresh.classList.add("calls-new");
  };

  // Under which day each row stands: newest first, each day once. As _headed in dashboard/rows.py.
  const headings = (rows) => {
    const days = rows.map((row) => row.dataset.day);
    for (let place = days.length - 2; place >= 0; place--) {
      if (days[place] < days[place + 1]) days[place] = days[place + 1];
    }
    for (let place = 1; place < days.length; place++) days[place] ||= days[place - 1];
    return days;
  };

  // Give each day one row above its calls. `titles` are such rows by their day.
  const headDays = (body, titles) => {
    for (const title of body.querySelectorAll("tr[data-day]:not([data-id])")) {
      if (!titles.has(title.dataset.day)) titles.set(title.dataset.day, title);
      title.remove();
    }
    let day = null;
    const rows = rowsOf(body);
    const days = headings(rows);
    for (const [place, row] of rows.entries()) {
      row.classList.toggle("calls-odd", row.dataset.day !== days[place]);
      if (days[place] === day) continue;
      day = days[place];
      const title = titles.get(day);
      if (title) body.insertBefore(title.isConnected ? title.cloneNode(true) : document.adoptNode(title), row);
    }
  };

  // A lane's drawing runs on by itself: it is replaced only where something happened on the call.
  const shape = (row) => {
    const marks = row.querySelector("[data-moves]")?.children ?? [];
    return [...marks].map((mark) => `${mark.getAttribute("class")} ${mark.hasAttribute("data-grows")}`).join();
  };

  const patchLane = (row, fresh) => {
    const drawn = row.querySelector("[data-moves]");
    if (drawn && shape(row) === shape(fresh)) {
      fresh.querySelector("[data-moves]").replaceWith(document.importNode(drawn, true));
    }
    return patch(row, fresh);
  };

  return { rowsOf, patch, place, below, headDays, patchLane };
})();
