// What the platform does, as it happens: each webhook with its reply, status and time, and what is heard.
import { icon, make, plain, shown } from "./parts.js";

const MOST_ROWS = 400;
const SLOW_SECONDS = 1;
const OTHERS_APART_SECONDS = 1;
const RECENT = 400; // happenings of calls that nobody here has asked for, yet

export class Log {
  constructor() {
    this.list = document.querySelector("#log");
    this.scroll = document.querySelector("#log-scroll");
    this.blank = document.querySelector("#log-blank");
    this.recent = [];
    this.restart();
  }

  // A new call: forget the one before.
  restart() {
    this.calls = new Map(); // those that are shown, by leg and by conversation
    this.names = new Map(); // of whoever is on a leg
    this.rows = new Map(); // by the number of the webhook
    this.sent = new Set(); // what was asked and told
    this.problem = ""; // why no reply came, last time
    this.list.replaceChildren();
    this.blank.hidden = false;
  }

  // Show the call of this leg, from its beginning on.
  follow(leg) {
    if (this.calls.has(leg)) return;
    this.calls.set(leg, { began: null, legs: [] });
    for (const happening of this.recent.splice(0)) this.take(happening);
  }

  callOf({ leg, conversation }) {
    return this.calls.get(leg) ?? this.calls.get(conversation);
  }

  // A call that somebody else has begun stands below what is there. Of many at once some are shown.
  followOther({ leg, at, party }) {
    if (at - (this.otherBegan ?? -Infinity) < OTHERS_APART_SECONDS) return;
    this.otherBegan = at;
    this.follow(leg);
    this.calls.get(leg).began = at;
    if (this.list.childElementCount) this.add({ at, leg }, { picture: "pick", words: `Another call: ${shown(party)}` });
  }

  take(happening) {
    const { kind, leg, conversation, path } = happening;
    const isRefusal = kind === "note" && path?.startsWith("/v1/");
    const call = this.callOf(happening);
    if (!call && !isRefusal) {
      this.recent.push(happening);
      if (this.recent.length > RECENT) this.recent.shift();
      return;
    }
    if (call) {
      call.began ??= happening.at;
      if (leg) this.calls.set(leg, call);
      if (conversation) this.calls.set(conversation, call);
      if (leg && !call.legs.includes(leg)) call.legs.push(leg);
    }
    this.name(happening);
    if (kind === "reply") this.reply(happening);
    else this.show(happening);
  }

  show(happening) {
    if (this.goesOn(happening)) return;
    if (happening.kind === "status") this.calm(happening.leg);
    const row = ROWS[happening.kind]?.(happening, this);
    if (row) this.add(happening, row);
  }

  add(happening, { look = "", picture = "note", words, under = "", right = [], more = null }) {
    const isAtEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60;
    const side = make("span", { className: "log-right" }, ...right);
    const said = make("span", { className: "log-words" }, make("b", {}, words), make("span", { title: under }, under));
    const sign = make("span", { className: "log-icon" }, icon(picture));
    const at = make("span", { className: "log-at num" }, (happening.at - (this.callOf(happening)?.began ?? happening.at)).toFixed(3));
    const row = make("li", { className: look }, at, sign, said, side);
    row.dataset.leg = happening.leg;
    if (more) this.unfold(row, side, more, words);
    if (happening.kind === "webhook") this.rows.set(happening.number, row);
    row.at = happening.at;
    if (happening.kind === "speaks" && !happening.text) row.seconds = happening.seconds;
    let after = this.list.lastElementChild; // what is learnt late stands where it happened
    while (after && after.at > row.at) after = after.previousElementSibling;
    if (after) after.after(row);
    else this.list.prepend(row);
    this.blank.hidden = true;
    while (this.list.children.length > MOST_ROWS) this.list.firstChild.remove();
    if (isAtEnd) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  // A sound that follows another of the same party stands in its row.
  goesOn({ kind, leg, text, seconds }) {
    const last = this.list.lastElementChild;
    const isSound = kind === "speaks" && !text;
    if (!isSound || !last?.seconds || last.dataset.leg !== leg) return false;
    last.seconds += seconds;
    last.querySelector("b").textContent = `The ${this.who(leg)} made a sound of ${last.seconds} s`;
    return true;
  }

  // A button that shows the whole of it.
  unfold(row, side, { name, text }, words) {
    const button = make("button", { type: "button", className: "btn s plain" }, make("span", {}, name), icon("more"));
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-label", `${name}: ${words}`);
    button.addEventListener("click", () => {
      const open = row.querySelector("pre");
      button.setAttribute("aria-expanded", String(!open));
      if (open) open.remove();
      else row.append(make("pre", { tabIndex: 0 }, text()));
    });
    side.append(button);
  }

  // What came back stands in the row of what was sent.
  reply({ number, status, seconds, problem, body }) {
    const row = this.rows.get(number);
    if (!row) return;
    row.reply = problem ?? body;
    const good = status >= 200 && status < 300;
    const tags = [make("span", { className: `tag num ${good ? "good" : "bad"}` }, problem ? "no reply" : String(status))];
    if (seconds !== undefined) {
      const slow = seconds > SLOW_SECONDS ? "warn" : "";
      tags.push(make("span", { className: `tag num ${slow}` }, `${Math.round(seconds * 1000)} ms`));
    }
    if (problem) {
      row.classList.add("wrong");
      row.querySelector(".log-words span").textContent = problem;
    }
    this.problem = problem;
    row.querySelector(".log-right").prepend(...tags);
  }

  // Nothing rings there any more.
  calm(leg) {
    for (const row of this.list.querySelectorAll(".now")) if (row.dataset.leg === leg) row.classList.remove("now");
  }

  // ", second leg": which one of the call it is about; the first goes without saying.
  which(leg) {
    const index = this.calls.get(leg)?.legs.indexOf(leg) ?? 0;
    return index > 0 ? `, ${["", "second", "third", "fourth", "fifth"][index] ?? `${index + 1}th`} leg` : "";
  }

  name({ kind, leg, fields }) {
    if (kind === "awaits") this.names.set(leg, "second phone");
    if (fields?.direction === "outbound" && !this.names.has(leg)) this.names.set(leg, "other party");
  }

  who(leg) {
    return this.names.get(leg) ?? "caller";
  }
}

const addressOf = (url) => {
  try {
    return new URL(url).pathname;
  } catch {
    return url;
  }
};

const asked = (fields, who) => {
  if (fields.dtmf?.digits) return `the ${who} pressed ${fields.dtmf.digits}`;
  if (fields.speech?.results?.length) return `the ${who} said “${fields.speech.results[0].text}”`;
  if (fields.speech || fields.dtmf) return `the ${who} pressed and said nothing`;
  if (fields.payload) return "the flow came to a notify";
  return fields.status ?? "an event";
};

const told = (fields) => {
  if (fields.recording_url) return "a recording is there";
  if (fields.transcription_url) return "it is there in words";
  if (fields.reason && !fields.status) return `an error, ${fields.reason}`;
  if (fields.conversation_uuid_to) return "moved to another conversation";
  if (fields.status === "completed" && fields.duration) return `completed after ${fields.duration} s`;
  return fields.status ?? (fields.dtmf ? `the key ${fields.dtmf.digits}` : "an event");
};

const webhook = (happening, log) => {
  const { door, fields, question, url, method, fault, leg, number } = happening;
  let words = `${question ? "Asked" : "Told"}: ${question ? asked(fields, log.who(leg)) : told(fields)}${log.which(leg)}`;
  if (door === "answer") words = log.which(leg) ? `Asked: what is heard next?${log.which(leg)}` : "Asked: what does the caller hear?";
  const what = JSON.stringify([door, fields]);
  if (door === "fallback") words = `Asked the fallback URL: ${fields.reason}`;
  const text = () => {
    const reply = log.rows.get(number)?.reply;
    return `${method} ${url}\n\n${JSON.stringify(fields, null, 2)}${reply ? `\n\n← ${pretty(reply)}` : ""}`;
  };
  const under = `${method} ${addressOf(url)}${fault ? `, ${fault}, by your wish` : ""}`;
  if (log.sent.has(what)) words = `Again: ${words.charAt(0).toLowerCase()}${words.slice(1)}`;
  log.sent.add(what);
  return { look: fault ? "to odd" : "to", picture: "to", words, under, more: { name: "Open", text } };
};

const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const notes = (happening) => {
  const { words, ncco, fault, reason, path, method, status, detected } = happening;
  if (ncco) {
    const actions = `${ncco.length} action${ncco.length === 1 ? "" : "s"}, fits the rules`;
    const more = { name: "NCCO", text: () => JSON.stringify(ncco, null, 2) };
    return { look: "from-you", picture: "from", words: `Answer: ${words.replace("NCCO: ", "")}`, under: actions, more };
  }
  if (path) return { look: "wrong", picture: "wrong", words: `Refused: ${method} ${path}`, under: `status ${status}` };
  if (fault) return { look: "odd", picture: "wrong", words: words.replace("fault: ", "Event "), under: "by your wish" };
  if (reason) return { look: "wrong", picture: "wrong", words };
  if (detected) return { words: `Who picked up is taken for: ${detected}` };
  if (words.startsWith("to:") || words.startsWith("input")) return null;
  return { words };
};

const ROWS = {
  webhook,
  note: notes,
  finding: ({ words }, log) =>
    log.problem && words.endsWith(log.problem) ? null : { look: "wrong", picture: "wrong", words, under: "found wrong with the application" },
  says: ({ text, language, style, by }) => ({
    picture: "loud",
    words: `Says “${plain(text)}”`,
    under: [by === "rest" ? "talk by REST" : "talk", language, style === undefined ? "" : `style ${style}`].filter(Boolean).join(", "),
  }),
  plays: ({ url, words }) => ({ picture: "loud", words: `Plays ${words.startsWith("stream") ? "a sound" : words.split(":")[0]}`, under: url }),
  beep: () => ({ picture: "loud", words: "Beeps" }),
  cut: ({ words }) => ({ picture: "quiet", words: words === "cut off" ? "Is interrupted" : words }),
  listens: ({ kinds, words }) => ({ picture: "ear", words: words === "records" ? "Records, until an end condition" : `Listens for ${kinds.join(" or ").replace("dtmf", "keys")}` }),
  presses: ({ leg, key }, log) => ({ picture: "key", words: `The ${log.who(leg)} pressed ${key}` }),
  speaks: ({ leg, text, seconds }, log) => ({ picture: "mic", words: text ? `The ${log.who(leg)} said “${text}”` : `The ${log.who(leg)} made a sound of ${seconds} s` }),
  records: ({ ended, url }) => ({ picture: "mic", words: ended ? "The recording ends" : "The recording begins", under: url }),
  rings: ({ party }) => ({ picture: "bell", words: `Rings ${shown(party)}`, under: "connect" }),
  awaits: ({ party, seconds }) => ({ look: "now", picture: "bell", words: `${shown(party)} rings, on the second phone`, under: `for ${Math.round(seconds)} s at most` }),
  joins: ({ words, party, detail }) => (detail ? null : { picture: "pick", words: party ? `Connected to ${shown(party)}` : words }),
  hears: ({ by, keys, words }) => (keys && (!by || by === "rest") ? { picture: "key", words } : null),
  leaves: ({ words }) => ({ picture: "down", words }),
};
