// The theme switch. Loaded in <head> without defer: the page never shows in the other theme first.
(() => {
  const WORDS = { auto: "Auto", light: "Light", dark: "Dark" };
  const root = document.documentElement;

  const stored = () => {
    try {
      const mode = localStorage.getItem("theme");
      return mode in WORDS ? mode : "auto";
    } catch {
      return "auto"; // storage is switched off
    }
  };

  const next = (mode) => {
    // From "auto" to what the system does not show, so that each press changes something to see.
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const order = dark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
    return order[(order.indexOf(mode) + 1) % order.length];
  };

  const show = (mode) => {
    root.dataset.theme = mode;
    const button = document.querySelector("[data-theme-switch]");
    button.setAttribute("aria-label", `Theme: ${mode === "auto" ? "auto, as the system" : mode}`);
    button.querySelector("[data-theme-word]").textContent = WORDS[mode];
  };

  root.dataset.theme = stored();
  addEventListener("DOMContentLoaded", () => show(stored()));
  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-switch]")) return;
    const mode = next(root.dataset.theme);
    try {
      localStorage.setItem("theme", mode);
    } catch {
      // it holds for this page then
    }
    show(mode);
  });
})();
