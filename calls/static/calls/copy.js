// Copying: <button data-copy="text"> copies that text, <button data-copy-from="id"> what stands in that element.
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

  // A button with a word changes it; one with an icon alone changes its name and colour.
  const say = (button, text) => {
    const word = button.querySelector("[data-copy-word]");
    const read = () => (word ? word.textContent : button.getAttribute("aria-label"));
    const write = (words) => (word ? (word.textContent = words) : button.setAttribute("aria-label", words));
    button.dataset.said ??= read() ?? "Copy";
    button.dataset.copied = text;
    write(text);
    clearTimeout(button.copyTimer);
    button.copyTimer = setTimeout(() => {
      write(button.dataset.said);
      delete button.dataset.said;
      delete button.dataset.copied;
    }, SHOWN_MS);
  };

  addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-from]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copyFrom ?? "");
    const text = button.dataset.copy ?? source?.textContent.trim() ?? "";
    try {
      await write(text);
      say(button, "Copied");
    } catch {
      say(button, "Press Ctrl+C");
      if (source) getSelection().selectAllChildren(source);
    }
    button.focus({ preventScroll: true });
  });
})();
