// Where people write: text, typed commands with suggestions, files.

import { icon, make } from "./html.js";

const LONGEST_TEXT = 8000;
const SUGGESTIONS = 7;

/** `env`: {words, prefix, send(text, files), tell(text)}. */
export class Composer {
  constructor(env) {
    this.env = env;
    this.commands = [];
    this.drafts = new Map();
    this.files = [];
    this.active = -1;
    this.build();
  }

  build() {
    const { prefix } = this.env;
    this.input = make("textarea", {
      id: `${prefix}-input`,
      rows: "1",
      maxlength: LONGEST_TEXT,
      enterkeyhint: "send",
      autocomplete: "off",
      "aria-autocomplete": "list",
      "aria-controls": `${prefix}-commands`,
      "aria-describedby": `${prefix}-help`,
      oninput: () => this.changed(),
      onkeydown: (event) => this.keys(event),
      onpaste: (event) => this.pasted(event),
      onblur: () => this.closeList(),
    });
    this.help = make("p", { class: "unseen", id: `${prefix}-help` });
    this.list = make("ul", {
      class: "commands",
      role: "listbox",
      id: `${prefix}-commands`,
      hidden: true,
    });
    this.tray = make("ul", { class: "tray", hidden: true });
    this.picker = make("input", {
      type: "file",
      multiple: true,
      hidden: true,
      onchange: () => this.picked(),
    });
    this.attach = make(
      "button",
      {
        class: "round",
        type: "button",
        "data-word-label": "input.attach",
        onclick: () => this.picker.click(),
      },
      icon("clip"),
    );
    this.sendButton = make(
      "button",
      { class: "round send", type: "submit", "data-word-label": "input.send" },
      icon("send"),
    );
    const row = make(
      "div",
      { class: "writing" },
      this.attach,
      this.picker,
      this.input,
      this.sendButton,
    );
    this.element = make(
      "form",
      { class: "composer", onsubmit: (event) => this.submit(event) },
      this.list,
      this.tray,
      row,
      this.help,
    );
  }

  /** Words, or the place, have changed; each place keeps its own draft. */
  label(place) {
    const { words } = this.env;
    words.apply(this.element);
    this.input.setAttribute("aria-label", words.say("input.label", { place: place.title }));
    this.input.placeholder = words.say("input.placeholder");
    this.help.textContent = words.say("input.help");
    this.list.setAttribute("aria-label", words.say("commands.label"));
    if (this.place !== place.id) {
      if (this.place !== undefined) this.drafts.set(this.place, this.input.value);
      this.place = place.id;
      this.setText(this.drafts.get(place.id) ?? "");
    }
    this.drawTray();
  }

  focus() {
    this.input.focus();
  }

  setText(text) {
    this.input.value = text;
    this.grow();
    this.closeList();
  }

  /** What could not be sent comes back, in front of what has been typed since. */
  giveBack(text, place) {
    if (place !== this.place) {
      this.drafts.set(place, joined(text, this.drafts.get(place) ?? ""));
      return;
    }
    this.setText(joined(text, this.input.value));
  }

  changed() {
    this.grow();
    this.suggest();
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  keys(event) {
    if (event.isComposing) return;
    if (!this.list.hidden && this.listKeys(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.element.requestSubmit();
    }
  }

  submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text && this.files.length === 0) {
      this.focus();
      return;
    }
    const files = this.files;
    this.files = [];
    this.setText("");
    this.drawTray();
    this.env.send(text, files);
    this.focus();
  }

  // --- suggestions ------------------------------------------------------------------------

  suggest() {
    const typed = /^[/!]([\p{L}\d_]*)$/u.exec(this.input.value);
    if (!typed) {
      this.closeList();
      return;
    }
    const word = typed[1].toLowerCase();
    const starts = (command) =>
      [command.name, ...(command.also ?? [])].some((name) => name.startsWith(word));
    const found = this.commands.filter(starts);
    this.openList(found);
  }

  openList(found) {
    const before = this.shownNames;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...found.map((command, index) => this.option(command, index)));
    this.list.hidden = found.length === 0;
    this.shownNames = found.map((command) => command.name).join(" ");
    this.list.classList.toggle("long", found.length > SUGGESTIONS);
    if (found.length && this.shownNames !== before) {
      this.env.tell(this.env.words.say("commands.count", { n: found.length }));
    }
  }

  option(command, index) {
    const option = make(
      "li",
      { role: "option", id: `${this.env.prefix}-command-${index}`, "aria-selected": "false" },
      make("span", { class: "command-name", text: `/${command.name}` }),
      make("span", { class: "command-hint", text: command.hint ?? "" }),
    );
    // The text keeps the focus, so that the list does not close before the choice is made.
    option.addEventListener("pointerdown", (event) => event.preventDefault());
    option.addEventListener("click", () => this.complete(command.name));
    option.dataset.name = command.name;
    return option;
  }

  /** Arrow keys, Enter and Escape in the list; true if the key is done with. */
  listKeys(event) {
    const options = [...this.list.children];
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      event.preventDefault();
      const from = this.active < 0 && event.key === "ArrowUp" ? 0 : this.active;
      this.activate(options, (from + moves[event.key] + options.length) % options.length);
      return true;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      this.closeList();
      return true;
    }
    if (event.key === "Enter" && !event.shiftKey && this.active >= 0) {
      event.preventDefault();
      this.complete(options[this.active].dataset.name);
      return true;
    }
    return false;
  }

  activate(options, index) {
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    this.active = index;
    this.input.setAttribute("aria-activedescendant", options[index].id);
    options[index].scrollIntoView({ block: "nearest" });
  }

  complete(name) {
    this.setText(`/${name} `);
    this.focus();
  }

  closeList() {
    this.list.hidden = true;
    this.active = -1;
    this.shownNames = "";
    this.input.removeAttribute("aria-activedescendant");
  }

  // --- files ------------------------------------------------------------------------------

  addFiles(files) {
    this.files.push(...files);
    this.drawTray();
    if (files.length) this.focus();
  }

  picked() {
    this.addFiles([...this.picker.files]);
    this.picker.value = "";
  }

  pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.addFiles(files);
  }

  drawTray() {
    this.tray.hidden = this.files.length === 0;
    this.tray.replaceChildren(...this.files.map((file) => this.trayItem(file)));
  }

  trayItem(file) {
    const { words } = this.env;
    const remove = () => {
      this.files = this.files.filter((other) => other !== file);
      this.drawTray();
      this.focus();
    };
    const label = words.say("input.remove", { name: file.name });
    return make(
      "li",
      {},
      icon("file"),
      make("span", { class: "file-name", text: file.name }),
      make("span", { class: "file-size", text: words.size(file.size) }),
      make(
        "button",
        { class: "round small", type: "button", "aria-label": label, onclick: remove },
        icon("close"),
      ),
    );
  }
}

function joined(first, second) {
  return second ? `${first}\n${second}` : first;
}
