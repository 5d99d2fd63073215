// What is pinned in a place, above its messages.

import { icon, make, plainText } from "./html.js";

/** `env`: {words, reveal(id)}. */
export class Pinned {
  constructor(env) {
    this.env = env;
    this.open = false;
    this.list = make("ul");
    this.moreText = make("span", { class: "unseen" });
    this.moreCount = make("span", { "aria-hidden": "true" });
    this.toggle = make(
      "button",
      { class: "pinned-more", type: "button", onclick: () => this.setOpen(!this.open) },
      this.moreCount,
      this.moreText,
      icon("chevron"),
    );
    this.element = make("section", { class: "pinned", hidden: true }, this.list, this.toggle);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.open) {
        this.setOpen(false);
        this.toggle.focus();
      }
    });
  }

  /** Newest on top; the others behind the toggle. */
  show(messages) {
    this.messages = [...messages].sort((a, b) => b.id - a.id);
    const { words } = this.env;
    this.element.hidden = this.messages.length === 0;
    this.element.setAttribute("aria-label", words.say("pinned.label"));
    const others = Math.max(this.messages.length - 1, 0);
    this.toggle.hidden = others === 0;
    this.moreCount.textContent = `+${others}`;
    this.moreText.textContent = words.say("pinned.more", { n: others });
    this.setOpen(this.open && others > 0);
  }

  setOpen(open) {
    this.open = open;
    this.toggle.setAttribute("aria-expanded", String(open));
    const shown = open ? this.messages : this.messages.slice(0, 1);
    this.list.replaceChildren(...shown.map((message) => make("li", {}, this.entry(message))));
  }

  entry(message) {
    return make(
      "button",
      { class: "pinned-one", type: "button", onclick: () => this.env.reveal(message.id) },
      icon("pin"),
      make("span", { class: "unseen", text: `${this.env.words.say("pinned.one")}: ` }),
      make("span", { class: "pinned-text", text: plainText(message.html).trim() }),
    );
  }
}
