// Short answers (toasts), errors, and the line that says there is no connection.

import { icon, make, withDots } from "./html.js";

const SHOWN_MS = 6000;
const READING_MS_PER_LETTER = 70;
const KEPT = 12;
const AT_ONCE = 2;

/** `env`: {words}. */
export class Notices {
  constructor(env) {
    this.env = env;
    this.toasts = make("div", { class: "toasts", role: "status", "aria-live": "polite" });
    this.errors = make("div", { class: "errors", role: "alert" });
    this.spoken = make("p", { class: "unseen", role: "status", "aria-live": "polite" });
    this.past = make("ol");
    this.pastTitle = make("h3");
    this.record = make("section", { class: "unseen" }, this.pastTitle, this.past);
    this.banner = make("div", { class: "banner", role: "status", "aria-live": "polite" });
    // Above the conversation: below it, a toast would lie on the very buttons it is about.
    this.top = make("div", { class: "notices" }, this.toasts);
    this.element = make(
      "div",
      { class: "notices" },
      this.errors,
      this.spoken,
      this.record,
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.clearErrors();
    });
  }

  label() {
    this.pastTitle.textContent = this.env.words.say("toasts.log");
    if (this.banner.childElementCount) this.offline(true);
  }

  /** Shown for six seconds or as long as it takes to read; stays in the record. */
  toast(text) {
    const said = make("span", {}, ...withDots(text, this.env.words));
    const toast = make("div", { class: "toast" }, icon("tick"), said);
    this.toasts.append(toast);
    while (this.toasts.childElementCount > AT_ONCE) this.toasts.firstChild.remove();
    this.past.prepend(make("li", { text }));
    while (this.past.childElementCount > KEPT) this.past.lastChild.remove();
    let timer;
    const leave = () => toast.remove();
    const start = () => {
      timer = setTimeout(leave, Math.max(SHOWN_MS, text.length * READING_MS_PER_LETTER));
    };
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", start);
    start();
  }

  /** Said to screen readers only. */
  tell(text) {
    this.spoken.textContent = text;
  }

  /** Stays until it is closed. */
  error(text) {
    const { words } = this.env;
    const box = make("div", { class: "error" });
    const close = make(
      "button",
      {
        class: "round small",
        type: "button",
        "aria-label": words.say("close"),
        onclick: () => box.remove(),
      },
      icon("close"),
    );
    const title = make("strong", { text: words.say("error.title") });
    box.append(
      icon("warning"),
      make("div", {}, title, make("p", { text: text || words.say("error.server") })),
      close,
    );
    this.errors.replaceChildren(box);
  }

  clearErrors() {
    this.errors.replaceChildren();
  }

  offline(isOffline) {
    if (!isOffline) {
      if (this.banner.childElementCount) this.tell(this.env.words.say("online"));
      this.banner.replaceChildren();
      return;
    }
    this.banner.replaceChildren(
      icon("offline"),
      make("span", { text: this.env.words.say("offline") }),
    );
  }
}
