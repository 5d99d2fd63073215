// One message as an element that can be brought up to date in place.

import { dotsSpoken, icon, inlineHtml, make } from "./html.js";
import { paragraphs } from "./paragraphs.js";

const VOICES = 6;
const LABEL = /^(\d{1,3})(?:[.)])?\s+(.+)$/su;
const TRAILING_DOTS = /^(.*?)\s*([●○]+)$/su;

/** A message on the page. `env`: {words, title, press(view, button)}. */
export class MessageView {
  constructor(message, env) {
    this.env = env;
    this.name = make("p", { class: "author" });
    this.body = make("div", { class: "text" });
    this.media = make("div", { class: "media" });
    this.buttons = make("div", { class: "buttons", role: "group" });
    this.time = make("time");
    this.edited = make("span", { class: "edited" });
    this.foot = make("p", { class: "foot" }, this.edited, this.time);
    const bubble = make("div", { class: "bubble" }, this.name, this.body, this.media, this.foot);
    this.element = make("article", { class: "message", tabindex: "-1" }, bubble, this.buttons);
    this.element.dataset.message = message.id;
    this.show(message);
  }

  get at() {
    return new Date(this.message.at);
  }

  /** Bring the element up to date; a screen reader is not read the whole card again. */
  update(message) {
    this.element.setAttribute("aria-live", "off");
    this.show(message);
  }

  /** Everything once more, in another language. */
  redraw() {
    const message = this.message;
    this.message = undefined;
    this.show(message);
  }

  show(message) {
    const before = this.message;
    this.message = message;
    const { words, title } = this.env;
    const kind = message.from === "bot" || message.from === "me" ? message.from : "other";
    this.element.classList.remove("bot", "me", "other");
    this.element.classList.add(kind);
    const author = this.author();
    this.name.textContent = author;
    if (kind === "other") this.name.dataset.voice = voiceOf(author);
    const spoken = words.say("message.header", { author, time: words.time(this.at) });
    this.element.setAttribute("aria-label", spoken);
    if (before?.html !== message.html) {
      this.body.replaceChildren(...paragraphs(inlineHtml(message.html, words)));
    }
    this.body.hidden = !message.html;
    this.showMedia(before);
    this.showButtons(before?.buttons, title);
    this.time.dateTime = message.at;
    this.time.textContent = words.time(this.at);
    this.time.title = words.moment(this.at);
    this.edited.textContent = message.edited && kind !== "bot" ? words.say("message.edited") : "";
  }

  author() {
    const { from } = this.message;
    if (from === "bot") return this.env.words.say("author.bot");
    return from === "me" ? this.env.words.say("author.me") : from;
  }

  showMedia(before) {
    const { picture, file } = this.message;
    const same =
      before && JSON.stringify([before.picture, before.file]) === JSON.stringify([picture, file]);
    if (same) return;
    const parts = [];
    if (picture) parts.push(pictureElement(picture, this.env.words));
    if (file) parts.push(fileElement(file, this.env.words));
    this.media.replaceChildren(...parts);
    this.media.hidden = parts.length === 0;
    this.element.classList.toggle("wide", Boolean(picture));
  }

  showButtons(before) {
    const rows = this.message.buttons ?? [];
    this.element.classList.toggle("card", rows.length > 0);
    this.buttons.hidden = rows.length === 0;
    this.buttons.setAttribute("aria-label", this.env.words.say("message.options"));
    for (const button of this.buttons.querySelectorAll("[aria-busy]")) setBusy(button, false);
    if (before && JSON.stringify(before) === JSON.stringify(rows)) return;
    const numbered = hasNumbers(rows);
    const focused = this.focusedButton();
    const old = [...this.buttons.querySelectorAll(".option")];
    if (before && shape(before) === shape(rows)) {
      rows.flat().forEach((spec, index) => this.fill(old[index], spec, numbered));
      return;
    }
    this.buttons.replaceChildren(
      ...rows.filter((row) => row.length).map((row) => this.row(row, numbered)),
    );
    if (focused) this.giveFocusBack(focused);
  }

  row(specs, numbered) {
    const cells = specs.map((spec) => {
      const cell = spec.url
        ? make("a", { class: "option", target: "_blank", rel: "noopener noreferrer" })
        : make("button", { class: "option", type: "button" });
      if (!spec.url) cell.addEventListener("click", () => this.env.press(this, cell));
      this.fill(cell, spec, numbered);
      return cell;
    });
    return make("div", { class: cells.length > 1 ? "row several" : "row" }, ...cells);
  }

  fill(cell, spec, numbered) {
    const { words } = this.env;
    const [, text, dots] = TRAILING_DOTS.exec(spec.label) ?? [null, spec.label, ""];
    const [, number, rest] = (numbered && LABEL.exec(text)) || [null, "", text];
    const parts = [];
    if (number) parts.push(make("span", { class: "number", text: `${number} ` }));
    parts.push(make("span", { class: "label", text: rest }));
    if (dots) parts.push(...dotParts(dots, words));
    if (spec.url) {
      if (/^(https?:|\/(?!\/))/i.test(spec.url)) cell.href = spec.url;
      parts.push(
        icon("open"),
        make("span", { class: "unseen", text: `(${words.say("message.new_tab")})` }),
      );
    }
    cell.replaceChildren(...parts);
    cell.classList.toggle("strong", Boolean(spec.strong));
    cell.classList.toggle("chosen", dots.includes("●") || /^[✓✔☑]/u.test(spec.label));
    cell.dataset.action = spec.action ?? "";
  }

  focusedButton() {
    const cell = document.activeElement?.closest?.(".option");
    if (!cell || !this.buttons.contains(cell)) return null;
    return {
      action: cell.dataset.action,
      index: [...this.buttons.querySelectorAll(".option")].indexOf(cell),
    };
  }

  giveFocusBack({ action, index }) {
    const cells = [...this.buttons.querySelectorAll(".option")];
    const target =
      cells.find((cell) => cell.dataset.action === action) ?? cells[index] ?? cells.at(-1);
    (target ?? this.element).focus({ preventScroll: true });
  }
}

/** Busy: shown, said, and deaf to a second press, but still focused. */
export function setBusy(button, busy) {
  if (!busy) {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    return;
  }
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
}

function dotParts(dots, words) {
  return [
    make("span", { class: "dots", "aria-hidden": "true", text: dots }),
    make("span", { class: "unseen", text: `(${dotsSpoken(dots, words)})` }),
  ];
}

/** Numbers are set apart only if they count the buttons: 1, 2, 3 … or on a later page 9, 10 … */
function hasNumbers(rows) {
  const numbers = rows
    .flat()
    .map((spec) => LABEL.exec(spec.label)?.[1])
    .filter((number) => number !== undefined)
    .map(Number);
  return numbers.length > 1 && numbers.every((number, index) => number === numbers[0] + index);
}

function shape(rows) {
  return JSON.stringify(rows.map((row) => row.map((spec) => (spec.url ? "link" : "button"))));
}

/** The same person has the same colour everywhere. */
function voiceOf(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return String(sum % VOICES);
}

function pictureElement(picture, words) {
  const text = make("p", { text: picture.alt });
  const caption = make(
    "figcaption",
    {},
    make("details", {}, make("summary", { text: words.say("message.image_text") }), text),
    make(
      "a",
      { href: picture.url, target: "_blank", rel: "noopener", title: words.say("message.new_tab") },
      icon("open"),
      make("span", { text: words.say("message.image_open") }),
    ),
  );
  return make("figure", {}, make("img", { src: picture.url, alt: picture.alt }), caption);
}

function fileElement(file, words) {
  return make(
    "a",
    { class: "file", href: file.url, download: file.name },
    icon("file"),
    make("span", { class: "unseen", text: `${words.say("message.file")} ` }),
    make("span", { class: "file-name", text: file.name }),
    make("span", { class: "file-size", text: words.size(file.size) }),
  );
}
