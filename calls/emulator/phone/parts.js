// Small things that several parts of the page use.

export const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
};

const SVG = "http://www.w3.org/2000/svg";

export const draw = (name, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

export const icon = (name) => {
  const picture = draw("svg", { class: "i", "aria-hidden": "true" });
  picture.append(draw("use", { href: `#i-${name}` }));
  return picture;
};

// A number as people read it: "+44 20 7946 0000". What is no number stays as it is.
export const shown = (party) => {
  if (party === "anonymous" || party === "Unknown" || party === "") return "Withheld";
  if (!/^\d{5,}$/.test(party)) return party;
  const british = /^44(20|7\d{3})(\d{3,4})(\d{3,4})$/.exec(party);
  if (british?.[1] === "20") return `+44 20 ${british[2]} ${british[3]}`;
  if (british) return `+44 ${british[1]} ${british[2]}${british[3]}`;
  return `+${party.slice(0, 2)} ${party.slice(2).replace(/(\d{3})(?=\d{2})/g, "$1 ")}`;
};

export const clockTime = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

// What a browser remembers of this page; without storage it forgets.
export const remembered = (key, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(`phone-${key}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

export const remember = (key, value) => {
  try {
    localStorage.setItem(`phone-${key}`, JSON.stringify(value));
  } catch {
    // it holds for this page then
  }
};

// Send JSON to the local Vonage. Gives its reply; throws an Error whose message is a sentence for people.
export const send = async (method, path, body = {}) => {
  let reply;
  try {
    const headers = { "Content-Type": "application/json" };
    reply = await fetch(path, { method, headers, body: JSON.stringify(body) });
  } catch {
    throw new Error("The local Vonage does not answer. Is it still running?");
  }
  const told = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Error(told.detail || `The local Vonage answered ${reply.status}.`);
  return told;
};

// Text as it is read aloud: without the marks of SSML.
export const plain = (text) => {
  if (!/^\s*<speak[\s>]/.test(text)) return text;
  const read = new DOMParser().parseFromString(text, "text/xml");
  if (read.querySelector("parsererror")) return text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  for (const sub of read.querySelectorAll("sub[alias]")) sub.textContent = sub.getAttribute("alias");
  return read.documentElement.textContent.replace(/\s+/g, " ").trim();
};
