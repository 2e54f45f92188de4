// What is heard: the voice of the platform (Web Speech), and tones. One switch turns all of it off.
import { remember, remembered } from "./parts.js";

const ROWS = { 1: 697, 2: 697, 3: 697, 4: 770, 5: 770, 6: 770, 7: 852, 8: 852, 9: 852, "*": 941, 0: 941, "#": 941 };
const COLUMNS = { 1: 1209, 4: 1209, 7: 1209, "*": 1209, 2: 1336, 5: 1336, 8: 1336, 0: 1336, 3: 1477, 6: 1477, 9: 1477, "#": 1477 };
const RINGBACK = { tones: [400, 450], seconds: 1, every: 3000 }; // what a caller hears
const BELL = { tones: [660, 880], seconds: 0.8, every: 2400 };

export class Sound {
  constructor() {
    this.isOn = remembered("voice", true);
    this.rings = new Map(); // by name: the timer
    this.playing = new Map(); // by leg: an <audio>
  }

  switch(isOn) {
    this.isOn = isOn;
    remember("voice", isOn);
    if (!isOn) this.hush();
  }

  // Speak. The platform waits as long as it takes the voice to be done, more or less; who is late is not waited for.
  say(text, { language = "en-US", style = 0, pitch = 1 } = {}) {
    if (!this.isOn || !window.speechSynthesis || !text) return;
    if (speechSynthesis.pending) speechSynthesis.cancel();
    const said = new SpeechSynthesisUtterance(text);
    const voices = speechSynthesis.getVoices().filter((voice) => voice.lang.replace("_", "-") === language);
    if (voices.length) said.voice = voices[style % voices.length];
    said.lang = language;
    said.pitch = pitch;
    speechSynthesis.speak(said);
  }

  hush() {
    window.speechSynthesis?.cancel();
    for (const audio of this.playing.values()) audio.pause();
    this.playing.clear();
    for (const name of [...this.rings.keys()]) this.stopRinging(name);
  }

  play(leg, url, repeats) {
    this.stopPlaying(leg);
    if (!this.isOn || !/^https?:/.test(url)) return;
    const audio = new Audio(url);
    audio.loop = repeats;
    this.playing.set(leg, audio);
    audio.play().catch(() => {}); // no sound there, or none may be made yet: the caption tells
  }

  stopPlaying(leg) {
    this.playing.get(leg)?.pause();
    this.playing.delete(leg);
  }

  key(key) {
    this.tone([ROWS[key], COLUMNS[key]], 0.12);
  }

  beep() {
    this.tone([1000], 0.5);
  }

  hum(seconds) {
    this.tone([150, 300, 450], seconds);
  }

  startRinging(name, kind) {
    if (this.rings.has(name) || !this.isOn) return;
    const { tones, seconds, every } = kind === "bell" ? BELL : RINGBACK;
    const ring = () => this.tone(tones, seconds);
    ring();
    this.rings.set(name, setInterval(ring, every));
  }

  stopRinging(name) {
    clearInterval(this.rings.get(name));
    this.rings.delete(name);
  }

  tone(frequencies, seconds) {
    if (!this.isOn || !window.AudioContext || !navigator.userActivation?.hasBeenActive) return;
    this.context ??= new AudioContext();
    const { currentTime: now } = this.context;
    const volume = this.context.createGain();
    volume.gain.setValueAtTime(0.06, now);
    volume.gain.setTargetAtTime(0, now + seconds, 0.01);
    volume.connect(this.context.destination);
    for (const frequency of frequencies) {
      const source = this.context.createOscillator();
      source.frequency.value = frequency;
      source.connect(volume);
      source.start(now);
      source.stop(now + seconds + 0.1);
    }
  }
}

// The microphone, where the browser can put in words what it hears. Words come only once a sentence is over; so that
// nobody takes this for silence, `speaks` is called with each second of it before, and `said` with the sentence.
export const microphone = (button, { speaks, said, fails }) => {
  const recognition = () => window.SpeechRecognition || window.webkitSpeechRecognition;
  button.hidden = !recognition();
  let listening = null;
  let ticking = null;
  const quiet = () => {
    clearInterval(ticking);
    ticking = null;
  };
  const stop = () => {
    quiet();
    button.setAttribute("aria-pressed", "false");
    const before = listening;
    listening = null;
    before?.stop();
  };
  button.addEventListener("click", () => {
    if (listening) return stop();
    listening = new (recognition())();
    listening.lang = navigator.language;
    listening.continuous = listening.interimResults = true;
    listening.addEventListener("result", (event) => {
      if (!listening) return;
      for (const result of [...event.results].slice(event.resultIndex)) {
        const words = result[0].transcript.trim();
        if (!words) continue;
        if (result.isFinal) {
          quiet();
          said(words);
        } else if (!ticking) {
          speaks(1);
          ticking = setInterval(speaks, 1000, 1);
        }
      }
    });
    listening.addEventListener("error", (event) => {
      stop();
      if (event.error === "not-allowed") fails("The browser does not let this page hear you. Type what you say.");
      else if (event.error !== "no-speech" && event.error !== "aborted") fails("The browser cannot put in words what it hears. Type it.");
    });
    listening.addEventListener("end", stop);
    listening.start();
    button.setAttribute("aria-pressed", "true");
  });
  return stop;
};
