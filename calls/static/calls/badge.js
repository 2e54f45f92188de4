// Keeps the count of new messages in the header true on a page that stays open. Whoever hears of it first says so:
// document.dispatchEvent(new CustomEvent("callserver:new-messages", { detail: "3" })).
(() => {
  const link = document.querySelector("[data-inbox]");
  if (!link) return;
  const EVERY_MS = 20_000;
  const TIMEOUT_MS = 8000;
  const MOST = 99;
  const badge = link.querySelector("[data-new-count]");
  let timer = null;

  const show = (count) => {
    badge.hidden = !count;
    badge.querySelector("[data-count]").textContent = count;
  };

  const look = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const response = await fetch(link.dataset.inbox, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.status === 401) return; // logged out: the page itself says so
      if (response.ok) {
        const count = (await response.json()).new;
        show(count > MOST ? `${MOST}+` : String(count || ""));
      }
    } catch {
      // away, restarting or slow: we look again
    }
    timer = setTimeout(look, EVERY_MS);
  };

  document.addEventListener("callserver:new-messages", (event) => show(event.detail));
  document.addEventListener("visibilitychange", () => document.hidden || look());
  timer = setTimeout(look, EVERY_MS);
})();
