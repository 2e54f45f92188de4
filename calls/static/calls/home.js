// Keeps home true while it stays open: the page is asked for again, and the parts of it that changed take the places of
// the old ones. A part in which somebody chooses something waits. Overrides are set the same way, without a page load;
// the keyboard stays at the button, and what is read where it is in the window. Without this script they are forms like
// any other.
(() => {
  const home = document.getElementById("home");
  if (!home) return;
  const EVERY_MS = 15_000;
  const TIMEOUT_MS = 10_000;
  let timer = null;

  const within = (part) => part.contains(document.activeElement) && document.activeElement.matches("select");

  // Tokens against forgery are other ones in each answer.
  const plain = (part) => part.innerHTML.replace(/name="csrfmiddlewaretoken" value="\w+"/g, "");

  // Where somebody is: at the part with the focus, or once they scrolled at the first one in the window.
  const read = () => {
    const parts = [...home.querySelectorAll("[data-part]")];
    const focused = parts.find((part) => part.contains(document.activeElement));
    return focused ?? (scrollY ? parts.find((part) => part.getBoundingClientRect().bottom > 0) : null);
  };

  const take = (whole, asked) => {
    if (!whole.getElementById("home")) return location.reload(); // logged out: the login leads back here
    const here = read();
    const top = here?.getBoundingClientRect().top;
    for (const fresh of whole.querySelectorAll("[data-part]")) {
      const old = document.getElementById(fresh.id);
      if (!asked && (within(old) || fresh.dataset.part === "said")) continue;
      if (plain(old) === plain(fresh) && old.hidden === fresh.hidden) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
      old.replaceWith(document.adoptNode(fresh));
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
    if (here) scrollBy(0, document.getElementById(here.id).getBoundingClientRect().top - top); // it stays in its place
    const count = whole.querySelector("[data-count]")?.textContent ?? "";
    document.dispatchEvent(new CustomEvent("callserver:new-messages", { detail: count }));
  };

  const ask = async (url, options, asked) => {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`${response.status}`);
    take(new DOMParser().parseFromString(await response.text(), "text/html"), asked);
  };

  home.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-override]");
    if (!form) return;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    try {
      await ask(form.action, { method: "POST", body }, true);
      home.querySelector("[data-said]").textContent = document.getElementById("home-said").textContent.trim();
    } catch {
      location.reload(); // which says what is wrong
    }
  });

  const look = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    await ask(location.pathname, {}, false).catch(() => {}); // away, restarting or slow: we look again
    timer = setTimeout(look, EVERY_MS);
  };

  document.addEventListener("visibilitychange", look);
  timer = setTimeout(look, EVERY_MS);
})();
