// The player of recordings. The sound lives here and not in the page, so that it plays on while the page's parts are
// replaced under it; what is drawn follows it. Without this script the browser's own player is there.
(() => {
  const page = document.querySelector("[data-plays]");
  if (!page) return;
  const SPEEDS = [1, 1.5, 2, 0.75];
  const STEP_SECONDS = 5; // of the arrow keys
  const SCALE = 1000;
  const WIDTH = 300;
  const CONTROLS = ["[data-play]", "[data-seek]", "[data-speed]"];
  const sounds = new Map(); // by the recording's number
  let held = null; // the control that had the focus last: the one that takes its place gets it

  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const parts = [Math.floor(whole / 60) % 60, whole % 60];
    const hours = Math.floor(whole / 3600);
    const text = `${hours ? String(parts[0]).padStart(2, "0") : parts[0]}:${String(parts[1]).padStart(2, "0")}`;
    return hours ? `${hours}:${text}` : text;
  };

  const lasts = (box, sound) => (Number.isFinite(sound.duration) ? sound.duration : Number(box.dataset.seconds));

  const paint = (box) => {
    const sound = sounds.get(box.dataset.player);
    const whole = lasts(box, sound);
    const part = whole ? Math.min(sound.currentTime / whole, 1) : 0;
    const title = box.dataset.title;
    const play = box.querySelector("[data-play]");
    const seek = box.querySelector("[data-seek]");
    play.setAttribute("aria-label", `${sound.paused ? "Play" : "Pause"} ${title}`);
    play.classList.toggle("player-plays", !sound.paused);
    seek.value = Math.round(part * SCALE);
    seek.setAttribute("aria-valuetext", `${clock(sound.currentTime)} of ${clock(whole)}`);
    box.querySelector("[data-done]").setAttribute("width", (part * WIDTH).toFixed(1));
    box.querySelector("[data-head]").setAttribute("transform", `translate(${(part * WIDTH).toFixed(1)} 0)`);
    box.querySelector("[data-at]").textContent = clock(sound.currentTime);
    if (whole) box.querySelector("[data-lasts]").textContent = clock(whole);
    const speed = box.querySelector("[data-speed]");
    speed.textContent = `${sound.playbackRate}×`;
    speed.setAttribute("aria-label", `${sound.playbackRate}× speed`);
    box.querySelector("[data-failed]").hidden = !sound.error;
  };

  const paintAll = () => page.querySelectorAll("[data-player]").forEach(paint);

  const soundOf = (box) => {
    const number = box.dataset.player;
    if (!sounds.has(number)) {
      const sound = new Audio();
      sound.preload = "none";
      sound.src = box.dataset.sound;
      for (const name of ["timeupdate", "play", "pause", "ended", "error", "durationchange", "seeked", "ratechange"]) {
        sound.addEventListener(name, paintAll);
      }
      sound.addEventListener("playing", () => page.dispatchEvent(new CustomEvent("callserver:plays", { detail: number })));
      sounds.set(number, sound);
    }
    return sounds.get(number);
  };

  const go = (sound, seconds) => {
    const move = () => (sound.currentTime = Math.min(Math.max(seconds, 0), sound.duration || seconds));
    if (sound.readyState) return move();
    sound.addEventListener("loadedmetadata", move, { once: true });
    sound.preload = "metadata";
    sound.load();
  };

  const bind = (box) => {
    if (box.dataset.bound) return;
    box.dataset.bound = "1";
    const sound = soundOf(box);
    const native = box.querySelector("[data-native]");
    native.removeAttribute("src");
    native.hidden = true;
    box.querySelector("[data-own]").hidden = false;
    box.querySelector("[data-speed]").hidden = false;
    box.querySelector("[data-play]").addEventListener("click", () => {
      if (!sound.paused) return sound.pause();
      for (const other of sounds.values()) if (other !== sound) other.pause();
      if (sound.error) sound.load();
      sound.play().catch(() => paint(box));
    });
    const seek = box.querySelector("[data-seek]");
    seek.addEventListener("input", () => go(sound, (seek.value / SCALE) * lasts(box, sound)));
    seek.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      go(sound, sound.currentTime + way * STEP_SECONDS);
    });
    box.querySelector("[data-speed]").addEventListener("click", () => {
      sound.playbackRate = SPEEDS[(SPEEDS.indexOf(sound.playbackRate) + 1) % SPEEDS.length];
    });
    paint(box);
    if (held?.player === box.dataset.player && document.activeElement === document.body) {
      box.querySelector(held.control).focus({ preventScroll: true });
    }
  };

  page.addEventListener("focusin", (event) => {
    const player = event.target.closest("[data-player]")?.dataset.player;
    const control = CONTROLS.find((name) => event.target.matches(name));
    held = player && control ? { player, control } : null;
  });

  const bindAll = () => page.querySelectorAll("[data-player]").forEach(bind);
  new MutationObserver(bindAll).observe(page, { childList: true, subtree: true });
  bindAll();
})();
