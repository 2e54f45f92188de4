// The voice picker: the language first, then its voices as cards, each with a button that speaks in the browser. It is
// made of the one list of all voices that the form has without this script.
(() => {
  const speech = window.speechSynthesis;
  const SAME = { cmn: "zh", yue: "zh", arb: "ar", nb: "no", fil: "tl" }; // languages that browsers name otherwise
  const REGIONS = { "yue-CN": "zh-HK" };

  // What the browser can say

  const family = (tag) => SAME[tag.split("-")[0]] ?? tag.split("-")[0];
  const voicesFor = (language) => {
    const wanted = REGIONS[language] ?? language;
    const able = (speech?.getVoices() ?? []).filter((one) => family(one.lang.replace("_", "-")) === family(wanted));
    const region = wanted.split("-")[1];
    const near = able.filter((one) => one.lang.replace("_", "-").split("-")[1] === region);
    return near.length ? near : able;
  };

  const sayable = (text) =>
    text
      .replace(/<[^>]*>/g, " ")
      .replace(/\{([^}]*)\}/g, (_, name) => name.replaceAll(/[._]/g, " "))
      .replace(/&amp;/g, "&")
      .trim();

  const textBeside = (root) => {
    for (let around = root.parentElement; around; around = around.parentElement) {
      const text = around.querySelector("[data-spoken]");
      if (text) return sayable(text.value);
      if (around.tagName === "FORM") return "";
    }
    return "";
  };

  let speaking; // the button that is being heard
  const sound = new Audio();
  const hush = () => {
    if (!speaking) return;
    show(speaking, false);
    speaking = undefined;
    speech?.cancel();
    sound.pause();
  };
  const show = (button, on) => {
    button.querySelector("[data-play]").hidden = on;
    button.querySelector("[data-stop]").hidden = !on;
    button.setAttribute("aria-label", `${on ? "Stop" : "Hear"} ${button.dataset.what}`);
  };

  const speak = (button, language, option, text) => {
    const again = speaking === button;
    hush();
    if (again) return;
    speaking = button;
    show(button, true);
    say(language, option.dataset.gender, text, () => {
      if (speaking !== button) return;
      show(button, false);
      speaking = undefined;
    });
  };

  // Say a text in the nearest voice that there is. Gives false where there is none.
  const say = (language, gender, text, after) => {
    const able = voicesFor(language);
    if (!able.length) return false;
    const named = new RegExp(`(^|[^a-z])${gender}`, "i");
    const saying = new SpeechSynthesisUtterance(text);
    saying.voice = able.find((one) => named.test(one.name)) ?? able[0];
    saying.lang = saying.voice.lang;
    saying.pitch = named.test(saying.voice.name) ? 1 : gender === "male" ? 0.8 : 1.15;
    saying.onend = saying.onerror = after;
    speech.speak(saying);
    return true;
  };

  // All that a caller hears, one after the other, and to read where it cannot be spoken

  const READ = 60; // ms for a letter
  const hearAll = (button) => {
    const again = speaking === button;
    const caption = document.querySelector("[data-hear-said]");
    const parts = [...document.querySelectorAll("[data-hear-list] > li")];
    hush();
    caption.textContent = "";
    if (again) return;
    speaking = button;
    show(button, true);
    const next = () => {
      if (speaking !== button) return;
      const part = parts.shift();
      if (!part) return hush();
      const text = part.textContent;
      const waits = () => setTimeout(next, 1000 + READ * text.length);
      caption.textContent = text;
      if (part.dataset.url) {
        Object.assign(sound, { src: part.dataset.url, onended: next });
        sound.play().catch(waits);
      } else if (!say(part.lang, part.dataset.gender, text, next)) {
        caption.textContent = `${text} (This browser cannot speak it.)`;
        waits();
      }
    };
    next();
  };
  for (const button of document.querySelectorAll("[data-hear]")) {
    button.hidden = false;
    button.addEventListener("click", () => hearAll(button));
  }

  // One picker

  const make = (root) => {
    const id = root.dataset.voices;
    const part = (name) => root.querySelector(`[data-${name}]`);
    const [all, cards, card, note, premiumHelp] = ["all", "cards", "card", "speech", "premium-help"].map(part);
    const oldName = document.getElementById(`${id}_old_name`);
    const premium = document.getElementById(`${id}_premium`);
    const groups = [...all.querySelectorAll("optgroup")];
    const flows = root.dataset.default === undefined ? null : all.querySelector('option[value=""]');
    const optionOf = (code) => [...all.options].find((option) => option.value === code);
    const groupOf = (code) => optionOf(code)?.closest("optgroup") ?? groups[0];

    const language = document.createElement("select");
    language.id = `${id}_language`;
    language.setAttribute("aria-label", "Language of the voice");
    for (const group of groups) language.add(new Option(group.label, group.dataset.language));
    const names = document.createElement("datalist");
    names.id = `${id}_names`;
    for (const option of all.options)
      for (const name of option.dataset.names?.split("|") ?? [])
        names.append(Object.assign(new Option(`${option.parentElement.label}, ${option.text}`), { value: name }));
    oldName.setAttribute("list", names.id);
    oldName.after(names);

    const tag = (words) => Object.assign(document.createElement("span"), { className: "voices-tag", textContent: words });

    const cardOf = (option, spoken, group) => {
      const made = card.content.cloneNode(true).firstElementChild;
      const [radio, title, small] = ["input", "b", "small"].map((name) => made.querySelector(name));
      const [style, ...rest] = option.text.split(", ");
      Object.assign(radio, { name: root.dataset.name, value: option.value });
      const own = option.value !== "";
      title.textContent = own ? style : "The flow’s voice";
      small.textContent = own
        ? rest.filter((words) => words !== "premium only" && words !== "no SSML").join(" · ")
        : option.text.slice(option.text.indexOf(":") + 2);
      if (own) {
        const can = spoken.dataset.premium;
        const tags = [spoken.dataset.ssml === "no" ? "no SSML" : "SSML"];
        if (can) tags.push(can === "only" ? "premium only" : "premium");
        if (spoken.dataset.used) tags.push(`used in ${spoken.dataset.used}`);
        made.querySelector(".voices-tags").append(...tags.map(tag));
      }
      const button = made.querySelector("button");
      button.dataset.what = own ? style.toLowerCase() : "the flow’s voice";
      button.setAttribute("aria-describedby", note.id);
      show(button, false);
      button.addEventListener("click", () => {
        const said = textBeside(root) || `Hello, this is ${group.label}, style ${spoken.value.split(":")[1]}.`;
        speak(button, group.dataset.language, spoken, said);
      });
      button.dataset.language = group.dataset.language;
      return made;
    };

    const chosen = () => cards.querySelector("input:checked");
    const spokenOf = (code) => optionOf(code || root.dataset.default);

    const fit = () => {
      const code = chosen()?.value ?? "";
      const can = code ? (optionOf(code)?.dataset.premium ?? "no") : "flow";
      premium.checked = can === "only" || (can === "yes" && premium.checked);
      premium.disabled = can === "no" || can === "flow";
      premiumHelp.textContent = {
        no: "This voice has no premium variant.",
        yes: "Sounds more natural and costs more.",
        only: "This voice is premium only, which costs more.",
        flow: "As it is chosen for the flow.",
      }[can];
      for (const radio of cards.querySelectorAll("input")) {
        radio.closest(".voices-card").querySelector("button").tabIndex = radio.checked ? 0 : -1;
      }
    };

    const hearable = () => {
      const mute = [...cards.querySelectorAll("button")].filter((button) => {
        button.disabled = !voicesFor(button.dataset.language).length;
        return button.disabled;
      });
      const name = groupOf(chosen()?.value || root.dataset.default).label;
      note.hidden = false;
      note.textContent = !speech
        ? "This browser cannot speak, so the voices cannot be heard here."
        : mute.length
          ? `This browser has no voice for ${name}, so it cannot be heard here.`
          : "▶ speaks in your browser, and only resembles the real voice.";
    };

    const showLanguage = (group, code) => {
      hush();
      language.value = group.dataset.language;
      const made = [...group.children].map((option) => cardOf(option, option, group));
      if (flows) made.unshift(cardOf(flows, spokenOf(""), groupOf(root.dataset.default)));
      cards.replaceChildren(...made);
      for (const radio of cards.querySelectorAll("input")) radio.checked = radio.value === code;
      fit();
      hearable();
    };

    language.addEventListener("change", () => {
      const group = groups[language.selectedIndex];
      oldName.value = ""; // it would decide over what was just chosen
      showLanguage(group, group.children[0].value);
    });
    cards.addEventListener("change", () => {
      oldName.value = "";
      fit();
    });
    premium.addEventListener("change", fit);
    oldName.addEventListener("input", () => {
      const wanted = oldName.value.trim().toLowerCase();
      const found = [...all.options].find((option) =>
        (option.dataset.names ?? "").toLowerCase().split("|").includes(wanted || " "),
      );
      if (found) showLanguage(found.parentElement, found.value);
    });
    speech?.addEventListener?.("voiceschanged", hearable);

    const before = all.value;
    all.removeAttribute("name");
    all.hidden = true;
    all.before(language);
    cards.hidden = false;
    showLanguage(groupOf(before || root.dataset.default), before);
  };

  for (const root of document.querySelectorAll("[data-voices]")) make(root);
  document.addEventListener("calls:added", (event) => {
    for (const root of event.detail.querySelectorAll("[data-voices]")) make(root); // a form that came later
  });
  addEventListener("pagehide", () => speech?.cancel());
})();
