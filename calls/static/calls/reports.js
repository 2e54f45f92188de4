// Reads the figures anew in place, so that the form keeps the keyboard. Without it the form opens the page as a whole.
const readReports = () => {
  const form = document.querySelector("[data-reports-form]");
  const box = document.querySelector("[data-report]");
  if (!form || !box) return;
  const said = document.querySelector("[data-reports-said]");
  const copyOf = (name) => document.querySelector(`[data-reports-${name}]`).content.cloneNode(true);

  const PATIENCE_MS = 200; // what comes sooner needs no skeleton
  const TIMEOUT_MS = 20_000;
  let latest = 0; // the look that counts, where several are under way

  const addressOf = () => {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) {
      if (!value || (["from", "to"].includes(name) && query.get("period") !== "dates")) query.delete(name);
    }
    return `${form.getAttribute("action")}?${query}`;
  };

  const take = (page, address) => {
    const found = page.querySelector("[data-report]");
    if (!found) throw new Error("no report");
    box.replaceChildren(...found.childNodes);
    said.textContent = box.querySelector("[data-reports-about], h2")?.textContent ?? "";
  };

  const fail = (address) => {
    box.replaceChildren(copyOf("failed"));
    box.querySelector("[data-reports-again]").href = address;
  };

  const read = async (address) => {
    const look = (latest += 1);
    box.setAttribute("aria-busy", "true");
    const bones = setTimeout(() => box.replaceChildren(copyOf("loading")), PATIENCE_MS);
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (look !== latest) return;
      if (response.redirected) return location.assign(address); // logged out
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      clearTimeout(bones);
      if (look === latest) take(page, address);
    } catch {
      clearTimeout(bones);
      if (look === latest) fail(address);
    } finally {
      clearTimeout(bones);
      if (look === latest) box.removeAttribute("aria-busy");
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = addressOf();
    history.pushState(null, "", address);
    read(address);
  });

  box.addEventListener("click", (event) => {
    const again = event.target.closest("[data-reports-again]");
    if (!again || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    read(again.href);
  });

  addEventListener("popstate", () => location.reload());
};
readReports();
