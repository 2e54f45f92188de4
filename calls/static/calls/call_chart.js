// The chart of a call: the item under the pointer, or reached with the arrow keys, gets a line through all lanes and
// a card; Enter or a click opens it in the list. The words come from the list, which holds all that the chart shows.
(() => {
  const box = document.querySelector(".chart-scroll");
  if (!box) return;
  const tip = box.querySelector(".chart-tip");
  let current = null; // the event and the place of the item shown: the chart itself is drawn anew while a call goes on

  const chart = () => box.querySelector("svg");
  const items = () =>
    [...chart().querySelectorAll("[data-item]")].sort((a, b) => Number(a.dataset.x) - Number(b.dataset.x));
  const shown = () => items().find((item) => item.dataset.event === current?.event && item.dataset.row === current?.row);

  const show = (item) => {
    const line = chart().querySelector(".chart-focus");
    const row = item && document.getElementById(`event-${item.dataset.event}`);
    tip.hidden = !row;
    line.toggleAttribute("hidden", !row);
    current = row ? { event: item.dataset.event, row: item.dataset.row } : null;
    if (!row) return;
    const words = [...row.querySelector(".event-words").childNodes];
    const said = words.filter((node) => !node.classList?.contains("event-term"));
    tip.querySelector("b").textContent = said.map((node) => node.textContent).join("").trim();
    const who = row.querySelector(".event-who").textContent;
    tip.querySelector("span").textContent = `${row.querySelector(".event-offset").textContent.trim()} s · ${who}`;
    line.setAttribute("transform", `translate(${item.dataset.x} 0)`);
    const drawn = chart().getBoundingClientRect();
    const perUnit = drawn.width / chart().viewBox.baseVal.width;
    const x = Number(item.dataset.x) * perUnit + 16 /* the padding of the box */;
    const beside = x + 14 + tip.offsetWidth > box.scrollLeft + box.clientWidth;
    tip.style.left = `${beside ? Math.max(4, x - 14 - tip.offsetWidth) : x + 14}px`;
  };

  const open = (item) => {
    const row = document.getElementById(`event-${item.dataset.event}`);
    const details = row?.querySelector("details");
    if (!details) return;
    details.open = true;
    details.querySelector("summary").focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  };

  const next = (key) => {
    const all = items();
    const at = all.indexOf(shown());
    if (at < 0) return all[0];
    if (key === "ArrowLeft") return all[Math.max(at - 1, 0)];
    if (key === "ArrowRight") return all[Math.min(at + 1, all.length - 1)];
    const x = Number(all[at].dataset.x);
    const rows = [...new Set(all.map((item) => item.dataset.row))].sort(); // lanes from above, "webhooks" last
    const row = rows[rows.indexOf(all[at].dataset.row) + (key === "ArrowUp" ? -1 : 1)];
    const there = all.filter((item) => item.dataset.row === row);
    const far = (item) => Math.abs(Number(item.dataset.x) - x);
    return there.sort((a, b) => far(a) - far(b))[0] ?? all[at];
  };

  const keepInSight = () => {
    const x = tip.offsetLeft;
    if (x < box.scrollLeft || x > box.scrollLeft + box.clientWidth - 200) box.scrollLeft = x - box.clientWidth / 2;
  };

  // The links above the chart, from wide to wider; their own script swaps the chart.
  const zoom = (key) => {
    const links = [...document.querySelectorAll("#zoom [data-wide]")];
    const at = Math.max(0, links.findIndex((link) => link.hasAttribute("aria-current")));
    const to = key === "0" ? 0 : Math.min(Math.max(at + (key === "-" ? -1 : 1), 0), links.length - 1);
    links[to].click();
  };

  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return show(null);
    if (event.key === "Enter" && shown()) {
      event.preventDefault(); // the key would be pressed on the row as well, and close it
      return open(shown());
    }
    if (["+", "=", "-", "0"].includes(event.key) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault(); // the browser's own zoom keeps its keys
      return zoom(event.key);
    }
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return undefined;
    event.preventDefault();
    show(next(event.key));
    keepInSight();
    return undefined;
  });
  box.addEventListener("pointerover", (event) => show(event.target.closest("[data-item]")));
  box.addEventListener("pointerleave", () => show(null));
  box.addEventListener("focusout", () => show(null));
  box.addEventListener("click", (event) => {
    const item = event.target.closest("[data-item]");
    if (item) open(item);
  });
  box.addEventListener("chart-drawn", () => {
    if (!current) return;
    const item = shown();
    show(item);
    if (item) keepInSight();
  });
})();
