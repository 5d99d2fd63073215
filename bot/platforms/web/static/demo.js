// The demonstration: two chats side by side, each as any person of the town.

import { blockHtml, make } from "./html.js";
import { browserMemory } from "./memory.js";
import { getJson, Refused, Retry } from "./net.js";
import { ChatPanel } from "./panel.js";
import { wordsFor } from "./words.js";

const GROUPS = ["coordination", "core_team", "steering_group", "deputy", "other_town", "stranger"];
const SIDES = [
  { slot: "left", query: "links", start: "sg-01" },
  { slot: "right", query: "rechts", start: "sg-08" },
];
const GUIDE_SEEN = "gnk.guide.closed";

const byId = (id) => document.getElementById(id);

class Demo {
  constructor(demo, words) {
    this.demo = demo;
    this.words = words;
    this.sides = SIDES.map((side) => ({ ...side, unread: 0, root: byId(side.slot) }));
  }

  start() {
    document.title = `${this.demo.title} · GNK-Bot`;
    byId("town").textContent = this.demo.title;
    for (const side of this.sides) this.buildSide(side);
    byId("guide-close").addEventListener("click", () => this.setGuide(false));
    byId("guide-start").addEventListener("click", () => this.setGuide(false));
    byId("guide-open").addEventListener("click", () => this.setGuide(!this.guideShown()));
    byId("guide").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.setGuide(false);
    });
    for (const button of document.querySelectorAll(".views [data-view]")) {
      button.addEventListener("click", () => this.setView(button.dataset.view));
    }
    this.relabel(this.words);
    const fresh = browserMemory.get(GUIDE_SEEN) !== "closed";
    byId("guide").hidden = !fresh;
    this.setView(fresh ? "guide" : "left");
    window.addEventListener("resize", () => this.markGuide());
    for (const side of this.sides) this.enter(side, this.askedFor(side));
  }

  /** Who the address asks for, else the usual pair, else the first person there is. */
  askedFor(side) {
    const wanted = new URLSearchParams(location.search).get(side.query);
    const known = (who) => this.demo.people.some((person) => person.who === who);
    return [wanted, side.start].find(known) ?? this.demo.people[0].who;
  }

  buildSide(side) {
    side.select = side.root.querySelector("select");
    side.select.addEventListener("change", () => this.enter(side, side.select.value));
    side.chat = side.root.querySelector(".chat");
  }

  async enter(side, who) {
    side.who = who;
    side.select.value = who;
    side.unread = 0;
    this.rememberInAddress();
    this.showPerson(side);
    side.panel?.close();
    const person = this.person(who);
    const words = await wordsFor(person.language);
    if (side.who !== who) return;
    const callbacks = {
      named: (answer, spoken) => {
        side.words = spoken;
        if (side.slot === "left") this.relabel(spoken);
      },
      unread: (count) => {
        side.unread = count;
        this.showUnread();
      },
    };
    side.panel = new ChatPanel(side.chat, who, side.slot, callbacks, true);
    await side.panel.start(words);
  }

  person(who) {
    return this.demo.people.find((person) => person.who === who);
  }

  rememberInAddress() {
    const query = new URLSearchParams(location.search);
    for (const side of this.sides) if (side.who) query.set(side.query, side.who);
    history.replaceState(null, "", `?${query}`);
  }

  /** The page around the chats speaks the language of the person on the left. */
  relabel(words) {
    this.words = words;
    document.documentElement.lang = words.tag;
    words.apply(document.body.querySelector(".frame"));
    byId("hint").replaceChildren(blockHtml(this.demo.hint_html, words));
    for (const side of this.sides) {
      this.fillPicker(side);
      if (side.who) this.showPerson(side);
    }
  }

  fillPicker(side) {
    const groups = GROUPS.map((group) => [
      group,
      this.demo.people.filter((person) => person.group === group),
    ]);
    side.select.replaceChildren(
      ...groups
        .filter(([, people]) => people.length > 0)
        .map(([group, people]) =>
          make(
            "optgroup",
            { label: this.words.say(`group.${group}`) },
            ...people.map((person) =>
              make("option", { value: person.who, text: described(person) }),
            ),
          ),
        ),
    );
    if (side.who) side.select.value = side.who;
  }

  showPerson(side) {
    const person = this.person(side.who);
    side.root.querySelector(".avatar").textContent = initials(person.name);
    side.root.querySelector(".avatar").dataset.group = person.group;
    side.root.querySelector("h2").textContent = this.words.say("panel.name", { name: person.name });
    byId(`view-${side.slot}`).querySelector(".view-name").textContent = person.name;
  }

  showUnread() {
    for (const side of this.sides) {
      const badge = byId(`view-${side.slot}`).querySelector(".badge");
      badge.hidden = side.unread === 0;
      badge.replaceChildren(
        make("span", { "aria-hidden": "true", text: String(side.unread) }),
        make("span", {
          class: "unseen",
          text: `(${this.words.say("places.unread", { n: side.unread })})`,
        }),
      );
    }
  }

  // --- guide and, on narrow screens, which of the three is shown -----------------------------

  setGuide(open) {
    const hadFocus = byId("guide").contains(document.activeElement);
    byId("guide").hidden = !open;
    browserMemory.set(GUIDE_SEEN, open ? "opened" : "closed");
    this.setView(open ? "guide" : "left");
    if (open) byId("guide-title").focus();
    else if (hadFocus) byId("guide-open").focus();
  }

  /** Hidden, or on a narrow screen covered by a chat. */
  guideShown() {
    return byId("guide").checkVisibility();
  }

  markGuide() {
    byId("guide-open").setAttribute("aria-expanded", String(this.guideShown()));
  }

  setView(view) {
    document.body.dataset.shown = view;
    for (const button of document.querySelectorAll(".views [data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
    this.markGuide();
  }
}

/** Name and institution, unless the name says the institution already. */
function described({ name, institution }) {
  const [first] = (institution ?? "").split(/[\s,]+/);
  return !first || name.includes(first) ? name : `${name} · ${institution}`;
}

function initials(name) {
  const parts = name.split(/[\s,]+/).filter(Boolean);
  const last = parts.length > 1 ? parts.at(-1)[0] : (parts[0][1] ?? "");
  return `${parts[0][0]}${last}`.toUpperCase();
}

async function open() {
  const retry = new Retry();
  const notice = byId("notice");
  const say = (text) => {
    notice.textContent = text;
    notice.hidden = false;
  };
  const words = await retry.run(
    () => wordsFor(navigator.language),
    () => {},
  );
  try {
    const demo = await retry.run(
      () => getJson("/api/demo"),
      () => say(words.say("offline")),
    );
    notice.hidden = true;
    const german = await wordsFor("de");
    new Demo(demo, german).start();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(words.say("demo.missing"));
  }
}

open();
