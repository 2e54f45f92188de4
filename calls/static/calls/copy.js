// Copying: <button data-copy="text"> copies that text, <button data-copy-from="id"> what stands in that element, and
// <a data-copy-url="/…"> what that address gives.
// The button says "Copied" for two seconds: in its [data-copy-word], or as its name where it has an icon alone.
(() => {
  const SHOWN_MS = 2000;

  const write = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea"); // plain http: the clipboard API is not there
    field.value = text;
    field.className = "sr";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done ? undefined : Promise.reject(new Error("copy"));
  };

  // A button with a word changes it and its name; one with an icon alone its name and colour.
  const names = new WeakMap();
  const say = (button, text) => {
    const word = button.querySelector("[data-copy-word]");
    const before = names.get(button) ?? { word: word?.textContent, label: button.getAttribute("aria-label") };
    clearTimeout(before.timer);
    if (word) word.textContent = text;
    if (before.label) button.setAttribute("aria-label", text);
    button.dataset.copied = "";
    before.timer = setTimeout(() => {
      if (word) word.textContent = before.word;
      if (before.label) button.setAttribute("aria-label", before.label);
      delete button.dataset.copied;
      names.delete(button);
    }, SHOWN_MS);
    names.set(button, before);
  };

  const textOf = async (button, source) => {
    if (!button.dataset.copyUrl) return button.dataset.copy ?? source?.textContent.trim() ?? "";
    const response = await fetch(button.dataset.copyUrl);
    if (!response.ok || response.redirected) throw new Error(`${response.status}`);
    return response.text();
  };

  addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-from], [data-copy-url]");
    if (!button) return;
    if (button.dataset.copyUrl) event.preventDefault();
    const source = document.getElementById(button.dataset.copyFrom ?? "");
    try {
      await write(await textOf(button, source));
      say(button, "Copied");
    } catch {
      if (button.dataset.copyUrl) return location.assign(button.dataset.copyUrl); // it stands there to be copied
      say(button, "Press Ctrl+C");
      if (source) getSelection().selectAllChildren(source);
    }
    button.focus({ preventScroll: true });
  });

  // A number is shown as +44 20 7946 0010 and copied as +442079460010.
  addEventListener("copy", (event) => {
    const text = getSelection().toString().trim();
    if (!/^\+[\d ()-]{7,24}$/.test(text)) return;
    event.clipboardData.setData("text/plain", text.replace(/[^+\d]/g, ""));
    event.preventDefault();
  });
})();
