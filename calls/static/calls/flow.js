// A flow's page: steps unfold in place, are dragged and moved by keys, and saving one leaves the others as they are.
// Without this script each step has a page of its own, and places are numbers: the forms and addresses are the same.
(() => {
  const page = document.querySelector("[data-flow]");

  // A menu's lines, on whichever page

  const fitKeys = (root) => {
    for (const table of root.querySelectorAll("[data-keys]")) {
      const another = table.parentElement.querySelector("[data-another]");
      const body = table.tBodies[0];
      const blank = body.querySelector("[data-empty]").cloneNode(true);
      const rename = () =>
        [...body.rows].forEach((row, at) => {
          for (const one of row.querySelectorAll("[data-label]"))
            one.setAttribute("aria-label", one.dataset.label.replace("#", at + 1));
        });
      for (const row of body.querySelectorAll("[data-empty]")) row.remove();
      const add = () => {
        const row = blank.cloneNode(true);
        row.removeAttribute("data-empty");
        for (const button of row.querySelectorAll("[data-out]")) button.hidden = false;
        const select = row.querySelector("[data-targets]");
        const known = body.querySelector("[data-targets]"); // steps may have come since the page was made
        if (known) select.replaceChildren(...[...known.children].map((one) => one.cloneNode(true)));
        if (select) select.value = "";
        body.append(row);
        rename();
        return row;
      };
      for (const button of body.querySelectorAll("[data-out]")) button.hidden = false;
      if (!body.rows.length) add();
      another.hidden = false;
      another.addEventListener("click", () => add().querySelector("select, input").focus());
      body.addEventListener("click", (event) => {
        const out = event.target.closest("[data-out]");
        if (!out) return;
        out.closest("tr").remove();
        if (!body.rows.length) add();
        rename();
        another.focus();
        table.closest("form").dataset.dirty = "";
      });
    }
  };

  if (!page) {
    fitKeys(document);
    return;
  }

  // Asking the server, and taking over what it says

  const parse = (text) => new DOMParser().parseFromString(text, "text/html");
  const said = () => page.querySelector("[data-said]");
  const say = (words) => (said().textContent = words);
  const itemOf = (step, root = document) => root.querySelector(`[data-step="${step}"]`);

  const ask = async (url, options) => {
    const answer = await fetch(url, options);
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    return { document: parse(await answer.text()), url: new URL(answer.url) };
  };

  const failed = (error) => {
    const list = document.querySelector(".messagelist") ?? document.createElement("ul");
    list.className = "messagelist";
    const item = document.createElement("li");
    item.className = "error";
    item.textContent = `That did not work: ${error.message} What is typed here is not lost. Try again.`;
    list.replaceChildren(item);
    if (!list.isConnected) document.querySelector("#content").before(list);
  };

  const takeMessages = (fresh) => {
    const list = fresh.querySelector(".messagelist");
    document.querySelector(".messagelist")?.remove();
    if (list) document.querySelector("#content").before(list);
    if (list) say(list.textContent.trim());
  };

  // The choices of steps and flows that open forms offer: those of the page that just came

  const takeTargets = async () => {
    const open = [...page.querySelectorAll("[data-step-form]:has([data-targets])")];
    for (const form of open) {
      const fresh = await ask(form.action);
      const news = fresh.document.querySelectorAll("[data-step-form] [data-targets]");
      const olds = form.querySelectorAll("[data-targets]");
      if (!news.length) continue;
      const byName = new Map([...news].map((one) => [one.name, one]));
      for (const old of olds) {
        const chosen = old.value;
        const offer = byName.get(old.name);
        if (!offer) continue;
        old.replaceChildren(...[...offer.children].map((one) => one.cloneNode(true)));
        old.value = chosen;
      }
    }
  };

  const stampAll = (fresh) => {
    const stamp = fresh.querySelector("#flow-form [name=stamp]")?.value;
    if (!stamp) return;
    for (const input of document.querySelectorAll("[name=stamp]")) input.value = stamp;
  };

  // Take over the page that the server gives after a change. What is unfolded stays so, with what is typed in it.
  const take = async (fresh, closed) => {
    const there = fresh.querySelector("[data-steps]");
    for (const item of page.querySelectorAll("[data-step]")) {
      const body = item.querySelector("[data-body]");
      const twin = itemOf(item.dataset.step, there);
      if (body.hidden || !twin || item.dataset.step === closed) continue;
      twin.querySelector("[data-body]").replaceWith(body);
      twin.querySelector("[data-unfold]").setAttribute("aria-expanded", "true");
    }
    page.querySelector("[data-steps]").replaceWith(there);
    page.querySelector("[data-side]").replaceWith(fresh.querySelector("[data-side]"));
    document.querySelector("[data-draft]").replaceWith(fresh.querySelector("[data-draft]"));
    takeMessages(fresh);
    stampAll(fresh);
    prepare();
    await takeTargets();
  };

  // Unfolding

  const fill = (item, fresh) => {
    const body = item.querySelector("[data-body]");
    body.replaceChildren(fresh.querySelector("[data-step-form]"));
    body.hidden = false;
    item.querySelector("[data-unfold]").setAttribute("aria-expanded", "true");
    fitKeys(body);
    document.dispatchEvent(new CustomEvent("calls:added", { detail: body }));
    return body;
  };

  const unfold = async (item, { focus = true } = {}) => {
    const head = item.querySelector("[data-unfold]");
    try {
      const fresh = await ask(head.href);
      const body = fill(item, fresh.document);
      stampHere(body);
      if (focus) body.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    } catch (error) {
      failed(error);
    }
  };

  const stampHere = (body) => {
    const mine = document.querySelector("#flow-form [name=stamp]")?.value;
    const stamp = body.querySelector("[name=stamp]");
    // Somebody else may have saved since this page was made: then their step is shown, and saving says so.
    if (mine && stamp) stamp.value = mine;
  };

  const fold = (item) => {
    const head = item.querySelector("[data-unfold]");
    const body = item.querySelector("[data-body]");
    body.hidden = !body.hidden;
    head.setAttribute("aria-expanded", String(!body.hidden));
  };

  // Sending forms

  const send = async (form, button) => {
    const body = new FormData(form, button);
    if (button?.name) body.set(button.name, button.value);
    body.delete("then"); // new steps unfold here
    const url = button?.getAttribute("formaction") ?? form.getAttribute("action");
    return ask(url, { method: "POST", body });
  };

  const saveStep = async (form, button) => {
    const item = form.closest("[data-step]");
    const answer = await send(form, button);
    const fresh = answer.document;
    if (fresh.querySelector("[data-flow]")) {
      const saving = !button?.hasAttribute("formaction");
      const gone = !itemOf(item.dataset.step, fresh);
      await take(fresh, saving || gone ? item.dataset.step : undefined);
      const next = itemOf(item.dataset.step);
      (next?.querySelector("[data-unfold]") ?? page.querySelector("#new-kind"))?.focus();
      if (saving) say("Saved in the draft.");
      return true;
    }
    const filled = fill(item, fresh);
    filled.querySelector(".errornote")?.scrollIntoView({ block: "nearest" });
    filled.querySelector(".errors :is(input, textarea, select)")?.focus();
    return false;
  };

  const add = async (form, button) => {
    const before = new Set([...page.querySelectorAll("[data-step]")].map((item) => item.dataset.step));
    const { document: fresh } = await send(form, button);
    await take(fresh);
    const made = [...page.querySelectorAll("[data-step]")].find((item) => !before.has(item.dataset.step));
    if (made) await unfold(made);
  };

  const move = async (item, place, focus) => {
    const input = item.querySelector("[data-move]");
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector("#flow-form [name=csrfmiddlewaretoken]").value);
    body.set("stamp", document.querySelector("#flow-form [name=stamp]").value);
    body.set("place", place);
    const { document: fresh } = await ask(input.dataset.move, { method: "POST", body });
    await take(fresh);
    const moved = itemOf(item.dataset.step);
    moved?.querySelector(focus)?.focus();
    if (moved) say(`Now at place ${moved.dataset.place}.`);
  };

  let busy = false; // one change after the other: each carries the stamp of the one before
  const alone = async (work) => {
    if (busy) return undefined;
    busy = true;
    try {
      return await work();
    } catch (error) {
      failed(error);
      return undefined;
    } finally {
      busy = false;
    }
  };

  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-step-form]")) {
      event.preventDefault();
      alone(() => saveStep(form, event.submitter));
    } else if (form.matches("[data-act]")) {
      event.preventDefault();
      alone(() => add(form, event.submitter));
    } else if (form.id === "flow-form") {
      const dirty = [...page.querySelectorAll("[data-step-form][data-dirty]")];
      if (!dirty.length) return;
      event.preventDefault();
      alone(async () => {
        for (const step of dirty.map((one) => one.closest("[data-step]").dataset.step)) {
          const open = itemOf(step)?.querySelector("[data-step-form]");
          if (open && !(await saveStep(open))) return;
        }
        form.submit();
      });
    }
  });

  page.addEventListener("input", (event) => {
    const form = event.target.closest("[data-step-form]");
    if (form) form.dataset.dirty = "";
  });

  page.addEventListener("change", (event) => {
    const input = event.target.closest("[data-move]");
    if (!input || !input.value) return;
    alone(() => move(input.closest("[data-step]"), input.value, "[data-move]"));
  });

  page.addEventListener("click", (event) => {
    const head = event.target.closest("[data-unfold]");
    const open = event.target.closest("[data-open]");
    if (event.ctrlKey || event.metaKey || event.shiftKey || (!head && !open)) return;
    event.preventDefault();
    const item = head ? head.closest("[data-step]") : itemOf(open.dataset.open);
    const body = item.querySelector("[data-body]");
    if (!body.childElementCount) unfold(item, { focus: !head });
    else if (head || body.hidden) fold(item);
    if (open) item.scrollIntoView({ block: "nearest" });
  });

  page.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-grip]");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const head = event.target.closest("[data-unfold]");
    if (head && event.key === " ") {
      event.preventDefault();
      head.click();
    }
    if (!grip || !step) return;
    event.preventDefault();
    const item = grip.closest("[data-step]");
    const place = Number(item.dataset.place) + step;
    if (place < 1 || place > page.querySelectorAll("[data-step]").length) return;
    alone(() => move(item, place, "[data-grip]"));
  });

  // Dragging by the grip, with mouse, pen or finger

  page.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button || busy) return;
    const item = grip.closest("[data-step]");
    const before = [...page.querySelectorAll("[data-step]")].indexOf(item);
    event.preventDefault();
    item.classList.add("is-dragged");
    const drag = (at) => {
      const over = [...page.querySelectorAll("[data-step]")].find((one) => {
        const box = one.getBoundingClientRect();
        return one !== item && at.clientY > box.top && at.clientY < box.bottom;
      });
      if (!over) return;
      const box = over.getBoundingClientRect();
      if (at.clientY < box.top + box.height / 2) over.before(item);
      else over.after(item);
    };
    const drop = () => {
      for (const name of ["pointerup", "pointercancel"]) document.removeEventListener(name, drop);
      document.removeEventListener("pointermove", drag);
      item.classList.remove("is-dragged");
      const place = [...page.querySelectorAll("[data-step]")].indexOf(item);
      if (place !== before) alone(() => move(item, place + 1, "[data-grip]"));
    };
    // Not captured: an element that is put elsewhere loses the pointer.
    document.addEventListener("pointermove", drag);
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, drop);
  });

  // What exists with this script alone

  const prepare = () => {
    for (const grip of page.querySelectorAll("[data-grip]")) grip.hidden = false;
    for (const head of page.querySelectorAll("[data-unfold]")) {
      head.setAttribute("role", "button");
      if (!head.hasAttribute("aria-expanded")) head.setAttribute("aria-expanded", "false");
    }
  };

  addEventListener("beforeunload", (event) => {
    if (page.querySelector("[data-step-form][data-dirty]") && !busy) event.preventDefault();
  });

  prepare();
})();
