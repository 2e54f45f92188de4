// The second telephone: it is rung by what the server forwards or places. One call at a time; others wait.
import { icon, shown } from "./parts.js";
import { Telephone } from "./telephone.js";

export class Callee extends Telephone {
  // Somebody calls: `happening` is that a telephone rings.
  rung(happening) {
    this.waiting ??= [];
    this.waiting.push(happening);
    if (!this.isOpen) this.next();
    this.showMore();
  }

  next() {
    const happening = this.waiting?.shift();
    if (!happening) return;
    const { at, leg, conversation, party, caller, seconds } = happening;
    this.reset("rings");
    this.picksUp = false;
    this.ringsUntil = at + seconds;
    this.line.begin("ring", at);
    this.part("party").textContent = shown(party);
    this.part("from").textContent = shown(caller);
    this.part("announced").textContent = `The second phone rings: ${shown(caller)} calls ${shown(party)}.`;
    this.showMore();
    this.showLeft();
    this.sound.startRinging(leg, "bell");
    document.title = "Rings: phone, local Vonage";
    document.querySelector("#below").hidden = false;
    this.hold(leg, conversation);
  }

  showMore() {
    const more = this.waiting.length;
    const others = more ? `; ${more} more ${more > 1 ? "ring" : "rings"}` : "";
    this.part("more").textContent = `is shown as the caller${others}`;
  }

  showLeft() {
    const left = Math.max(0, Math.round(this.ringsUntil - this.now()));
    this.part("left").replaceChildren(icon("bell"), `Rings, ${left} s left`);
  }

  take(happening) {
    const { kind, leg, status } = happening;
    if (kind === "status" && leg !== this.leg && (status === "answered" || status === "completed")) {
      this.waiting = (this.waiting ?? []).filter((one) => one.leg !== leg);
      this.showMore();
    }
    if (kind === "status" && leg === this.leg && status === "answered" && !this.picksUp) {
      this.sound.stopRinging(leg); // somebody else was quicker: another page, or a program
      this.hold("", "");
      this.reset("idle");
      this.next();
      return;
    }
    super.take(happening);
  }

  turn(view) {
    super.turn(view);
    if (view === "rings") return;
    document.title = "Phone, local Vonage";
    document.querySelector("#below").hidden = true;
    this.part("announced").textContent = "";
    this.sound.stopRinging(this.leg);
    if (view === "idle") this.part("party").textContent = "";
  }

  end(at) {
    super.end(at);
    if (this.view === "over") this.next();
  }

  show() {
    super.show();
    if (this.view === "rings" && this.part("left").textContent !== `Rings, ${Math.round(this.ringsUntil - this.now())} s left`) this.showLeft();
  }
}
