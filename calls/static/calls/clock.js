// What runs on a page while nobody loads anything, counted from the server's times by the server's clock:
//   <span data-since="1795442400.000">  a call's running time, 2:14
//   <span data-ago="1795442400.000">    5 min ago
//   <g data-moves="1795442400.000">     a line drawn so that it ended then: it moves left, and its open end grows
//   <span data-day="2026-11-23"> with <span data-day-word>  "Today, " and "Yesterday, "
// The page's own time stands in [data-now].
window.callserverClock = (() => {
  const AXIS_SCALE = 596 / 180; // pixels a second, as in calls/records/line.py
  const stamp = document.querySelector("[data-now]");
  const skew = stamp ? Date.now() / 1000 - Number(stamp.dataset.now) : 0;
  const zone = stamp?.dataset.zone;

  const now = () => Date.now() / 1000 - skew;

  const timer = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };

  const ago = (seconds) => {
    const whole = Math.floor(Math.abs(seconds));
    if (whole < 60) return "just now";
    const when = seconds < 0 ? "ahead of our clock" : "ago"; // as in templatetags/calls_format.py
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${when}`;
    if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min ${when}`;
    return `${Math.floor(whole / 86400)} d ${Math.floor(whole / 3600) % 24} h ${when}`;
  };

  // 14:05 or 14:05:09 in the zone of the page, which need not be that of the browser.
  const clock = (moment = now(), second = undefined) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second }).format(moment * 1000);

  const day = (moment) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(moment * 1000); // 2026-11-23

  const selected = (element) => {
    const selection = getSelection();
    return Boolean(selection && !selection.isCollapsed && selection.containsNode(element, true));
  };

  const say = (element, words) => {
    if (element.textContent !== words && !selected(element)) element.textContent = words;
  };

  const move = (group, moment) => {
    const moved = Math.max(0, moment - Number(group.dataset.moves)) * AXIS_SCALE;
    group.setAttribute("transform", `translate(${-moved.toFixed(1)} 0)`);
    for (const bar of group.querySelectorAll("[data-grows]")) {
      const grown = (Number(bar.dataset.grows) + moved).toFixed(1);
      bar.setAttribute(bar.tagName === "line" ? "x2" : "width", grown);
    }
  };

  const tick = (within = document) => {
    const moment = now();
    const days = { [day(moment)]: "Today, ", [day(moment - 86400)]: "Yesterday, " };
    for (const element of within.querySelectorAll("[data-since]")) say(element, timer(moment - Number(element.dataset.since)));
    for (const element of within.querySelectorAll("[data-ago]")) say(element, ago(moment - Number(element.dataset.ago)));
    for (const group of within.querySelectorAll("[data-moves]")) move(group, moment);
    for (const element of within.querySelectorAll("[data-day-word]")) {
      say(element, days[element.closest("[data-day]").dataset.day] ?? "");
    }
  };

  setInterval(() => document.hidden || tick(), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
  tick();
  return { now, clock, tick, selected };
})();
