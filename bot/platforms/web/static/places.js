// The switch between the direct chat and the channels: tabs, the rest in a menu.

import { icon, make } from "./html.js";

/** The strip's own padding left and right. */
const EDGES_PX = 16;

/** Tabs for conversations. `env`: {words, choose(id), prefix}. */
export class Places {
  constructor(env) {
    this.env = env;
    this.places = [];
    this.unread = new Map();
    this.list = make("div", {
      class: "tabs",
      role: "tablist",
      onkeydown: (event) => this.tabKeys(event),
    });
    this.moreText = make("span");
    this.moreBadge = make("span", { class: "badge" });
    this.more = make(
      "button",
      {
        class: "tab more",
        type: "button",
        "aria-expanded": "false",
        onclick: () => this.toggleMenu(),
      },
      this.moreText,
      this.moreBadge,
      icon("chevron"),
    );
    this.menu = make("ul", {
      class: "menu",
      hidden: true,
      onkeydown: (event) => this.menuKeys(event),
    });
    this.rest = make("div", { class: "rest", hidden: true }, this.more, this.menu);
    this.element = make("div", { class: "places" }, this.list, this.rest);
    this.onOutside = (event) => !this.rest.contains(event.target) && this.closeMenu();
    document.addEventListener("pointerdown", this.onOutside);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.element);
  }

  show(places, current) {
    this.places = places;
    this.current = current;
    const { words } = this.env;
    this.list.setAttribute("aria-label", words.say("places.label"));
    this.moreText.textContent = words.say("places.more");
    this.draw(places, []);
    this.fit();
  }

  select(id) {
    this.current = id;
    this.fit();
  }

  setUnread(id, count) {
    if ((this.unread.get(id) ?? 0) === count) return;
    this.unread.set(id, count);
    this.fit();
  }

  get totalUnread() {
    return [...this.unread.values()].reduce((sum, count) => sum + count, 0);
  }

  /** As many tabs as there is room for, the chosen one always among them. */
  fit() {
    const room = this.element.clientWidth - EDGES_PX;
    if (room <= 0 || this.places.length === 0) return;
    this.draw(this.places, []);
    this.element.classList.remove("compact");
    if (sum(this.widths()) <= room) return;
    this.element.classList.add("compact");
    const widths = this.widths();
    if (sum(widths) <= room) return;
    this.rest.hidden = false;
    const left = room - this.more.offsetWidth - 12;
    const first = this.places.findIndex((place) => place.id === this.current);
    const shown = new Set([Math.max(first, 0)]);
    let used = widths[Math.max(first, 0)];
    for (let index = 0; index < widths.length; index += 1) {
      if (shown.has(index)) continue;
      if (used + widths[index] > left) break;
      shown.add(index);
      used += widths[index];
    }
    this.draw(
      this.places.filter((_, index) => shown.has(index)),
      this.places.filter((_, index) => !shown.has(index)),
    );
  }

  widths() {
    return [...this.list.children].map((tab) => tab.offsetWidth);
  }

  draw(tabs, rest) {
    const focused = this.list.contains(document.activeElement);
    this.list.replaceChildren(...tabs.map((place) => this.tab(place)));
    this.rest.hidden = rest.length === 0;
    if (rest.length === 0) this.closeMenu();
    const waiting = sum(rest.map((place) => this.unread.get(place.id) ?? 0));
    fillBadge(this.moreBadge, waiting, this.env.words);
    this.more.title = this.env.words.say("places.more_label");
    this.menu.replaceChildren(...rest.map((place) => make("li", {}, this.entry(place))));
    if (focused) this.list.querySelector("[aria-selected=true]")?.focus();
  }

  tab(place) {
    const chosen = place.id === this.current;
    const badge = make("span", { class: "badge" });
    fillBadge(badge, this.unread.get(place.id) ?? 0, this.env.words);
    return make(
      "button",
      {
        class: "tab",
        type: "button",
        role: "tab",
        id: `${this.env.prefix}-tab-${place.id}`,
        "aria-controls": `${this.env.prefix}-view`,
        "aria-selected": String(chosen),
        tabindex: chosen ? "0" : "-1",
        "data-place": place.id,
        onclick: () => this.env.choose(place.id),
      },
      icon(place.kind === "direct" ? "bot" : "channel"),
      make("span", { text: place.title }),
      badge,
    );
  }

  entry(place) {
    const badge = make("span", { class: "badge" });
    fillBadge(badge, this.unread.get(place.id) ?? 0, this.env.words);
    const choose = () => {
      this.closeMenu();
      this.env.choose(place.id);
      this.list.querySelector("[aria-selected=true]")?.focus();
    };
    return make(
      "button",
      { type: "button", "data-place": place.id, onclick: choose },
      icon(place.kind === "direct" ? "bot" : "channel"),
      make("span", { text: place.title }),
      badge,
    );
  }

  tabKeys(event) {
    const tabs = [...this.list.children];
    const at = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[
      event.key
    ];
    if (next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    tab.focus();
    this.env.choose(tab.dataset.place);
  }

  toggleMenu() {
    const open = this.menu.hidden;
    this.menu.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    if (open) this.menu.querySelector("button")?.focus();
  }

  closeMenu() {
    this.menu.hidden = true;
    this.more.setAttribute("aria-expanded", "false");
  }

  menuKeys(event) {
    const entries = [...this.menu.querySelectorAll("button")];
    const at = entries.indexOf(document.activeElement);
    if (event.key === "Escape") {
      this.closeMenu();
      this.more.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      entries[
        (at + (event.key === "ArrowDown" ? 1 : -1) + entries.length) % entries.length
      ].focus();
    }
  }

  close() {
    this.sizes.disconnect();
    document.removeEventListener("pointerdown", this.onOutside);
  }
}

function fillBadge(badge, count, words) {
  badge.hidden = count === 0;
  const seen = make("span", { "aria-hidden": "true", text: count > 99 ? "99+" : String(count) });
  const said = make("span", {
    class: "unseen",
    text: `(${words.say("places.unread", { n: count })})`,
  });
  badge.replaceChildren(...(count ? [seen, said] : []));
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
