// One telephone: a leg of a call as whoever is on it sees and hears it.
import { Line } from "./line.js";
import { clockTime, icon, make, plain, send, shown } from "./parts.js";
import { microphone } from "./sound.js";

const LETTERS = { 1: "", 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", "*": "", 0: "+", "#": "" };
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const TONE_SECONDS = 5;
const STATES = {
  idle: ["off", "Not on the line", ""],
  rings: ["bell", "Rings", "warn"],
  on: ["on", "On the line", "live"],
  over: ["over", "Call ended", ""],
};
const FAILED = {
  busy: "It is busy.",
  timeout: "Nobody picked up.",
  unanswered: "It cannot be reached.",
  rejected: "The call was refused.",
  failed: "The call failed.",
  cancelled: "The caller gave up.",
};

export class Telephone {
  // `now` gives the platform's time; `changed` is called when it begins or ends to hold a leg.
  constructor(section, { sound, now, changed, isCaller }) {
    Object.assign(this, { section, sound, now, changed, isCaller });
    this.part = (name) => section.querySelector(`[data-${name}]`);
    this.line = new Line(this.part("line"));
    this.build();
    this.reset("idle");
  }

  build() {
    const controls = this.part("controls");
    controls.append(document.querySelector("#controls").content.cloneNode(true));
    for (const key of KEYS) {
      const button = make("button", { type: "button", className: "key" }, key, make("small", {}, LETTERS[key] || "\u00a0"));
      button.dataset.key = key;
      button.addEventListener("click", () => this.press(key));
      controls.querySelector(".keys").append(button);
    }
    this.form = controls.querySelector(".saybar");
    this.input = this.form.querySelector("input");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      this.input.value = "";
      if (text) this.say(text);
      this.input.focus();
    });
    this.form.querySelector("[data-tone]").addEventListener("click", () => {
      this.sound.hum(TONE_SECONDS);
      this.act("sound", { seconds: TONE_SECONDS });
    });
    this.stopMicrophone = microphone(this.form.querySelector(".mic"), {
      speaks: (seconds) => this.act("sound", { seconds }),
      said: (text) => this.say(text, true),
      fails: (sentence) => this.complain(sentence),
    });
    for (const button of this.section.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => this[button.dataset.do]());
    }
  }

  // What it is

  get isOpen() {
    return this.view === "rings" || this.view === "on";
  }

  reset(view) {
    this.leg = this.conversation = this.partner = "";
    this.hungUp = false;
    this.spokeAloud = false;
    this.line.clear();
    this.part("captions").replaceChildren();
    this.doing("");
    this.part("timer").textContent = "0:00";
    this.complain("");
    if (this.isCaller && view === "idle") this.caption("end", "Ring, and what you hear stands here in words.");
    this.turn(view);
  }

  // Show another of its faces: idle, rings, on, over.
  turn(view) {
    const had = this.section.contains(document.activeElement) && document.activeElement;
    this.view = view;
    for (const part of this.section.querySelectorAll("[data-when]")) {
      part.hidden = !part.dataset.when.split(" ").includes(view);
    }
    const [picture, words, tone] = STATES[view];
    const state = this.part("state");
    state.className = `${state.className.replace(/ (warn|live)/g, "")}${tone && ` ${tone}`}`;
    state.replaceChildren(icon(picture), words);
    for (const one of this.section.querySelectorAll("[data-controls] :is(button, input)")) one.disabled = view !== "on";
    this.section.classList.toggle("ringing", view === "rings" && !this.isCaller);
    if (view !== "on") this.stopMicrophone();
    // Who had the keyboard on a button that is gone gets the one that took its place.
    if (had && (had.closest("[hidden]") || had.disabled)) {
      const heirs = [".hangup", ".pick", "select"].flatMap((one) => [...this.section.querySelectorAll(one)]);
      heirs.find((one) => !one.closest("[hidden]"))?.focus();
    }
  }

  hold(leg, conversation) {
    Object.assign(this, { leg, conversation });
    this.changed();
  }

  // What whoever holds it does

  async act(does, body) {
    if (!this.leg) return;
    try {
      await send("POST", `/lab/legs/${encodeURIComponent(this.leg)}/${does}`, body);
      this.complain("");
    } catch (error) {
      if (this.isOpen) this.complain(error.message);
    }
  }

  press(key) {
    if (this.view !== "on") return;
    const button = this.section.querySelector(`[data-key="${CSS.escape(key)}"]`);
    button.classList.add("pressed");
    setTimeout(() => button.classList.remove("pressed"), 220);
    this.sound.key(key);
    this.act("press", { keys: key });
  }

  // What was said aloud has taken its time already.
  say(text, aloud = false) {
    this.spokeAloud = aloud;
    this.act("say", aloud ? { text, seconds: 0 } : { text });
  }

  answer() {
    this.picksUp = true;
    this.act("answer");
  }

  reject() {
    this.hungUp = true;
    this.act("reject");
  }

  hangup() {
    this.hungUp = true;
    this.act("hangup");
  }

  // What happens on its leg

  take(happening) {
    const { kind, leg, at } = happening;
    if (leg === this.leg) {
      this.conversation = happening.conversation || this.conversation;
      this[`on_${kind}`]?.(happening);
    } else if (this.partner && leg === this.partner && kind === "status" && happening.status === "completed") {
      this.partFrom(at);
    } else if (kind === "records" && happening.conversation === this.conversation && this.view === "on") {
      this.caption("sound", happening.ended ? "the recording ends" : "it is recorded");
      if (happening.ended) this.line.close(at);
    }
  }

  partFrom(at) {
    this.partner = "";
    this.line.close(at);
    this.doing("");
    this.sound.stopRinging(this.leg);
  }

  on_status({ status, at }) {
    if (status === "started") this.line.begin("ring", at);
    if (status === "answered") this.pickedUp(at);
    if (FAILED[status] && !this.hungUp) this.caption("end", FAILED[status]);
    if (status === "completed" || status === "rejected") this.end(at);
  }

  pickedUp(at) {
    this.line.answered = true;
    this.line.close(at);
    this.turn("on");
    this.doing("");
  }

  end(at) {
    if (!this.isOpen) return;
    if (this.hungUp) this.caption("end", this.line.answered ? "You hung up." : "You did not take it.");
    else if (this.line.answered) this.caption("end", "The call is over.");
    this.line.end(at);
    this.line.show(at);
    this.sound.stopRinging(this.leg);
    this.sound.stopPlaying(this.leg);
    if (this.hungUp) this.sound.hush();
    this.doing("");
    this.turn("over");
    this.hold("", "");
  }

  on_says({ at, text, seconds, loop = 1, language, style }) {
    this.doing("Speaks");
    this.line.begin("say", at, loop ? seconds * loop : Infinity);
    const words = plain(text);
    this.caption("", words);
    this.sound.say(words, { language, style });
  }

  on_plays({ at, url, seconds, loop = 1, words }) {
    this.doing("Plays a sound");
    this.line.begin("say", at, loop ? seconds * loop : Infinity);
    const file = url.split("?")[0].split("/").pop();
    this.caption("sound", words.startsWith("stream") ? file || "a sound" : words.split(":")[0]);
    this.sound.play(this.leg, url, !loop);
  }

  // Nobody knows what the caller is to hear: say so where they listen.
  on_reply({ door, url, status, problem }) {
    if (door === "event") return;
    const address = url.split("?")[0];
    if (problem) this.complain(`${address}: ${problem}`);
    else this.complain(status === 200 ? "" : `${address} answered ${status} instead of 200, so there is nothing to hear.`);
  }

  on_cut({ at }) {
    this.line.close(at);
    window.speechSynthesis?.cancel();
    this.sound.stopPlaying(this.leg);
  }

  on_beep() {
    this.caption("sound", "beep");
    this.sound.beep();
  }

  on_listens({ at, kinds, words }) {
    const records = words === "records";
    this.line.begin(records ? "rec" : "wait", at);
    const waits = kinds.includes("dtmf") ? (kinds.includes("speech") ? "Waits for a key or words" : "Waits for a key") : "Waits for words";
    this.doing(records ? "Records your message" : waits);
  }

  on_note({ at, words, reason }) {
    if (reason && words.startsWith("Error")) this.complain(words);
    if (!words.startsWith("input")) return;
    this.line.close(at);
    this.doing("");
  }

  on_presses({ at, key }) {
    this.line.press(key, at);
    this.caption("me", "You pressed ", make("span", { className: "kbd" }, key));
  }

  on_speaks({ text, seconds }) {
    if (text) return this.caption("me", `You said: ${text}`);
    const last = this.part("captions").lastElementChild; // sounds that follow each other are one
    const together = (last?.seconds ?? 0) + seconds;
    if (last?.seconds) last.textContent = `You made a sound of ${together} s`;
    else this.caption("me", `You made a sound of ${seconds} s`);
    this.part("captions").lastElementChild.seconds = together;
    return null;
  }

  on_hears({ text, keys, by }) {
    if (keys) return this.caption("sound", `the ${keys.length > 1 ? "keys" : "key"} ${keys}`);
    if (!text && this.part("captions").lastElementChild?.textContent === "a sound") return null;
    this.caption("them", text || "a sound");
    if (text && !this.isSaidAloud?.(by)) this.sound.say(text, { language: navigator.language, pitch: 0.8 });
    return null;
  }

  on_rings({ at, party, callee }) {
    this.partner = callee;
    this.line.begin("ring", at);
    this.doing(`Ringing ${shown(party)}`);
    this.caption("sound", "ringing tone");
    this.sound.startRinging(this.leg, "ringback");
  }

  on_joins({ at, party, room, words }) {
    if (words === "transferred") return;
    this.sound.stopRinging(this.leg);
    this.line.begin("talk", at);
    this.doing(room ? `In the room ${room}` : `Talking to ${shown(party)}`);
    this.caption("sound", room ? `in the room ${room}` : `connected to ${shown(party)}`);
  }

  on_leaves({ at }) {
    this.line.close(at);
    this.doing("");
  }

  // What is seen

  doing(words) {
    const part = this.part("doing");
    if (part) part.textContent = words;
  }

  complain(sentence) {
    const part = this.part("error");
    part.textContent = sentence;
    part.hidden = !sentence;
  }

  caption(kind, ...words) {
    const list = this.part("captions");
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    for (const before of list.children) if (!before.className) before.className = "old";
    list.append(make("li", { className: kind }, ...words));
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }

  show() {
    if (this.line.began === null) return;
    const now = this.now();
    if (this.isOpen) this.part("timer").textContent = clockTime(now - this.line.began);
    if (this.isOpen) this.line.show(now);
  }
}
