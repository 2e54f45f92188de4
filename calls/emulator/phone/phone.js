// The page: two telephones, and what the local Vonage tells of all that happens.
import { Callee } from "./callee.js";
import { Log } from "./log.js";
import { icon, make, remember, remembered, send, shown } from "./parts.js";
import { Sound } from "./sound.js";
import { Telephone } from "./telephone.js";

const CALLERS = ["447700900123", "447700900456", "442079460018", "anonymous"];
const DEMO_NUMBER = "442079460000";
const SHOWN_EVERY = 200; // milliseconds
const AGAIN_AFTER = [500, 1000, 2000, 5000]; // milliseconds, until it is connected
const by = (id) => document.getElementById(id);

// The platform's time, which may run faster than ours. It was `at` when we were last told.
const clock = { at: 0, since: performance.now(), speed: 1 };
const now = () => clock.at + (Number.isFinite(clock.speed) ? ((performance.now() - clock.since) / 1000) * clock.speed : 0);

const sound = new Sound();
const changed = () => hold();
const first = new Telephone(by("first"), { sound, now, changed, isCaller: true });
const second = new Callee(by("second"), { sound, now, changed, isCaller: false });
const log = new Log();
first.isSaidAloud = (leg) => leg === second.leg && second.spokeAloud;
second.isSaidAloud = (leg) => leg === first.leg && first.spokeAloud;

let dialling = null; // happenings that came before we know which leg is ours
let socket = null;
let failures = 0;

// The connection

const connect = () => {
  socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/phone/happenings`);
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    by("lost").textContent = "The local Vonage does not answer, so nothing rings. This page tries again by itself.";
    by("lost").hidden = false;
    for (const phone of [first, second]) if (phone.isOpen) phone.end(now());
    setTimeout(connect, AGAIN_AFTER[Math.min(failures++, AGAIN_AFTER.length - 1)]);
  });
};

// Which legs are in our hands: they are hung up when this page goes away.
const hold = () => {
  const holds = [first.leg, second.leg].filter(Boolean);
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ holds }));
};

const take = (happening) => {
  Object.assign(clock, { at: happening.at, since: performance.now() });
  if (happening.kind === "hello") return hello(happening);
  if (dialling) return dialling.push(happening);
  if (isForeign(happening)) log.followOther(happening);
  if (happening.kind === "awaits") {
    log.follow(happening.leg);
    second.rung(happening);
  }
  log.take(happening);
  first.take(happening);
  second.take(happening);
  return null;
};

// A call that somebody else has begun, while nothing goes on here.
const isForeign = (happening) =>
  happening.kind === "status" && happening.status === "started" && !first.isOpen && !second.isOpen && !log.callOf(happening);

const hello = ({ speed, applications, dashboard, callees, faults }) => {
  failures = 0;
  by("lost").hidden = true;
  clock.speed = speed === "inf" ? Infinity : Number(speed);
  if (![...by("speed").options].some((one) => Number(one.value) === clock.speed)) {
    by("speed").append(new Option(speed === "inf" ? "jumps" : `× ${clock.speed}`, String(clock.speed)));
  }
  by("speed").value = String(clock.speed);
  for (const link of [by("dashboard"), by("in-dashboard")]) {
    link.hidden = !dashboard;
    link.href = dashboard;
  }
  offer(applications);
  by("callee").value = callees.everybody.answer ?? "answer";
  showFaults(faults);
  for (const phone of [first, second]) if (phone.view !== "over") phone.reset("idle");
};

// Ringing

const offer = (applications) => {
  const linked = applications.flatMap(({ name, numbers }) => numbers.map((number) => [number, name]));
  const several = applications.length > 1;
  const numbers = new Map(linked.length ? linked : [[DEMO_NUMBER, ""]]);
  const rung = remembered("numbers", []).filter((number) => !numbers.has(number)).map((number) => [number, ""]);
  fill("number", [...numbers, ...rung].map(([number, name]) => [number, several && name ? `${name}, ${shown(number)}` : shown(number)]));
  const callers = [...new Set([...CALLERS, ...remembered("callers", [])])];
  fill("caller", callers.map((caller) => [caller, shown(caller)]));
};

const fill = (id, pairs) => {
  const before = by(id).value || remembered(id, "");
  const options = pairs.map(([value, words]) => new Option(words, value));
  by(id).replaceChildren(...options, new Option("another number …", ""));
  by(id).value = pairs.some(([value]) => value === before) ? before : pairs[0][0];
  by(`another-${id}`).parentElement.hidden = true;
};

const chosen = (id) => {
  const another = by(`another-${id}`);
  const value = by(id).value || another.value.trim();
  const digits = value.replace(/[\s()+-]/g, "");
  const number = /^\d+$/.test(digits) ? digits : value;
  if (!number) {
    another.focus();
    throw new Error("Give a number, such as 447700900123.");
  }
  if (!by(id).value) {
    remember(`${id}s`, [...new Set([number, ...remembered(`${id}s`, [])])].slice(0, 5));
    by(id).prepend(new Option(shown(number), number));
    by(id).value = number;
    another.value = "";
    another.parentElement.hidden = true;
  }
  remember(id, number);
  return number;
};

const ring = async () => {
  if (first.isOpen || dialling) return;
  first.reset("idle");
  dialling = [];
  try {
    const leg = await send("POST", "/lab/calls", { from: chosen("caller"), to: chosen("number"), by_hand: true });
    if (!second.isOpen) log.restart();
    log.follow(leg.uuid);
    first.reset("rings");
    first.hold(leg.uuid, leg.conversation_uuid);
    first.doing(`Ringing ${shown(leg.to)}`);
  } catch (error) {
    first.complain(error.message);
  }
  const came = dialling;
  dialling = null;
  came.forEach(take);
};

by("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  ring();
});
for (const id of ["caller", "number"]) {
  by(id).addEventListener("change", () => {
    by(`another-${id}`).parentElement.hidden = by(id).value !== "";
    if (!by(id).value) by(`another-${id}`).focus();
  });
}

// Digits, * and # press keys while a call goes on, unless one writes: on the phone that has the keyboard, else on yours.
document.addEventListener("keydown", (event) => {
  if (!/^[0-9*#]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, select, textarea, .panel")) return;
  const phones = event.target.closest("#second") ? [second, first] : [first, second];
  const phone = phones.find((one) => one.view === "on");
  if (!phone) return;
  event.preventDefault();
  phone.press(event.key);
});

// The voice, the time, who is called, the failure lab

const showVoice = () => {
  by("voice").setAttribute("aria-pressed", String(sound.isOn));
  by("voice").replaceChildren(icon(sound.isOn ? "loud" : "quiet"), make("span", {}, sound.isOn ? "Voice on" : "Voice off"));
};
by("voice").addEventListener("click", () => {
  sound.switch(!sound.isOn);
  showVoice();
});

const ask = async (method, path, body) => {
  try {
    return await send(method, path, body);
  } catch (error) {
    first.complain(error.message);
    return null;
  }
};

by("speed").addEventListener("change", async () => {
  const at = now();
  const told = await ask("PUT", "/lab/clock", { speed: Number(by("speed").value) });
  if (told) Object.assign(clock, { at, since: performance.now(), speed: Number(told.speed) });
});
by("callee").addEventListener("change", () => ask("PATCH", "/lab/callees", { everybody: by("callee").value }));

const switches = [...document.querySelectorAll("[data-fault]")];
let faults = {};
const showFaults = (told) => {
  faults = told;
  for (const one of switches) one.checked = Boolean(faults[one.dataset.fault]);
  const count = switches.filter((one) => one.checked).length;
  by("faults-on").textContent = count ? `${count} on` : "all is well";
  by("faults-on").classList.toggle("warn", count > 0);
};
by("faults").addEventListener("change", ({ target }) => {
  const { fault, value } = target.dataset;
  const off = value === "true" ? false : 0;
  showFaults({ ...faults, [fault]: target.checked ? JSON.parse(value) : off });
  ask("PUT", "/lab/faults", faults);
});

setInterval(() => {
  first.show();
  second.show();
}, SHOWN_EVERY);
showVoice();
connect();
