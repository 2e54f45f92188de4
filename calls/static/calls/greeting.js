// The greeting's preview: what Vonage will be told follows what is typed and which voice is chosen. Without this script
// saving shows the same.
(() => {
  const WAIT = 250; // ms after the last key
  const panel = document.querySelector("[data-preview]");
  const text = document.getElementById("id_text");
  if (!panel || !text) return;
  const part = (name) => panel.querySelector(`[data-${name}]`);

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

  const voice = text.form.querySelector("[data-voices]");
  text.addEventListener("input", soon);
  voice?.addEventListener("input", soon);
  voice?.addEventListener("change", soon);
})();
