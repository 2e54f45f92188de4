// The greeting's fields: languages narrow the voices, an old name chooses one, and what Vonage will be told follows
// what is typed. Without this script the form has all voices in one list, and saving shows the same.
(() => {
  const WAIT = 250; // ms after the last key
  const panel = document.querySelector("[data-preview]");
  const text = document.getElementById("id_text");
  const voice = document.getElementById("id_voice");
  if (!panel || !text || !voice) return;
  const oldName = document.getElementById("id_old_name");
  const premium = document.getElementById("id_premium");
  const part = (name) => panel.querySelector(`[data-${name}]`);

  // Languages first, then the voices of one

  const groups = [...voice.querySelectorAll("optgroup")];
  const language = document.createElement("select");
  language.id = "voice-language";
  language.setAttribute("aria-label", "Language of the voice");
  for (const group of groups) language.add(new Option(group.label));

  const showLanguage = (group) => {
    language.value = group.label;
    voice.replaceChildren(group);
  };

  const choose = (code) => {
    const group = groups.find((one) => [...one.children].some((option) => option.value === code));
    if (!group) return false;
    showLanguage(group);
    voice.value = code;
    return true;
  };

  const fitPremium = () => {
    const can = voice.selectedOptions[0]?.dataset.premium;
    premium.checked = can === "only" || (can === "yes" && premium.checked);
    premium.disabled = can === "no";
  };

  const current = voice.value;
  voice.before(language);
  voice.setAttribute("aria-label", "Voice");
  choose(current);
  fitPremium();

  // Asking for the preview

  const fill = (list, texts) => {
    list.replaceChildren(...texts.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
    list.hidden = !texts.length;
  };

  const count = document.createElement("p");
  count.id = "id_text_count";
  count.className = "a-count";
  count.textContent = part("count").textContent;
  text.after(count);
  part("count").hidden = true; // it stands under the text instead

  const show = (told) => {
    part("ncco").textContent = told.ncco;
    part("ncco").hidden = !told.ncco;
    part("voice").textContent = told.voice;
    if (told.count) count.textContent = told.count;
    count.classList.toggle("a-over", told.over);
    fill(part("problems"), told.problems);
    fill(part("warnings"), told.warnings);
  };

  let asking; // the latest question: an earlier answer that comes late must not win
  const ask = async () => {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const body = new FormData(text.form);
      const answer = await fetch(panel.dataset.preview, { method: "POST", body, signal: mine.signal });
      if (!answer.ok) throw new Error(answer.status);
      show(await answer.json());
      part("offline").hidden = true;
    } catch (error) {
      if (error.name !== "AbortError") part("offline").hidden = false;
    }
  };

  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  };

  if (document.querySelector(".errornote")) ask(); // the page came back: show what was typed, not what is live

  // What people do

  const chooseVoice = () => {
    oldName.value = ""; // it would decide over what was just chosen
    fitPremium();
    soon();
  };

  text.addEventListener("input", soon);
  premium.addEventListener("change", soon);
  voice.addEventListener("change", chooseVoice);
  language.addEventListener("change", () => {
    showLanguage(groups[language.selectedIndex]);
    voice.selectedIndex = 0;
    chooseVoice();
  });
  oldName.addEventListener("input", () => {
    const wanted = oldName.value.trim().toLowerCase();
    const known = [...oldName.list.options].find((option) => option.value.toLowerCase() === wanted);
    if (known && choose(known.dataset.voice)) fitPremium();
    soon();
  });
})();
