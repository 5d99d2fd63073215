// The running conversation of one place: order, days, groups, scrolling.

import { icon, make } from "./html.js";
import { MessageView } from "./message.js";

const NEAR_BOTTOM_PX = 60;
const GROUP_MINUTES = 10;
/** Space above and below a card that fills the window. */
const EDGES_PX = 24;

/** `env`: {words, press, older() → Promise, seen(id), begin()}. */
export class Log {
  constructor(env) {
    this.env = env;
    this.views = new Map();
    this.pending = new Map();
    this.farPinned = new Map();
    this.more = false;
    this.loaded = false;
    this.atBottom = true;
    this.build();
  }

  build() {
    this.older = make("button", {
      class: "older",
      type: "button",
      hidden: true,
      onclick: () => this.loadOlder(),
    });
    this.emptyText = make("p");
    this.begin = make("button", {
      class: "begin",
      type: "button",
      onclick: () => this.env.begin(),
    });
    this.empty = make("div", { class: "empty", hidden: true }, this.emptyText, this.begin);
    this.list = make("div", { class: "list" });
    this.waiting = make("div", { class: "list" });
    this.content = make(
      "div",
      { class: "content" },
      this.older,
      this.empty,
      this.list,
      this.waiting,
    );
    // Quiet until the first messages are in: nobody wants fifty old ones read out.
    this.scroller = make(
      "div",
      {
        class: "scroller",
        role: "log",
        "aria-live": "off",
        tabindex: "0",
        onscroll: () => this.scrolled(),
      },
      this.content,
    );
    this.down = make("button", {
      class: "down",
      type: "button",
      hidden: true,
      onclick: () => this.toBottom(true),
    });
    this.downText = make("span");
    this.down.append(this.downText, icon("down"));
    this.element = make("div", { class: "log" }, this.scroller, this.down);
    // Until somebody scrolls, pictures that come in late must not push the newest card away.
    this.untouched = true;
    for (const hand of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.scroller.addEventListener(hand, () => (this.untouched = false), { passive: true });
    }
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.content);
    this.sizes.observe(this.scroller);
    this.top = new IntersectionObserver(([entry]) => entry.isIntersecting && this.loadOlder(), {
      root: this.scroller,
    });
  }

  /** Words and place title may have changed. */
  label(place) {
    const { words } = this.env;
    this.place = place;
    this.scroller.setAttribute("aria-label", words.say("log.label", { place: place.title }));
    this.older.textContent = words.say("log.older");
    this.downText.textContent = words.say("log.new");
    const direct = place.kind === "direct";
    this.emptyText.textContent = words.say(direct ? "log.empty_direct" : "log.empty_channel");
    this.begin.textContent = words.say("log.begin");
    this.begin.hidden = !direct;
    const spoken = `${words.language} ${words.zone}`;
    if (this.spoken !== spoken) for (const view of this.views.values()) view.redraw();
    this.spoken = spoken;
    this.arrange();
  }

  /** The newest page, at the start or after a time without connection. */
  showNewest(messages, more, pinned) {
    // After a long absence the pages do not meet: start over instead of hiding a gap.
    const apart = this.loaded && more && messages[0].id > this.lastId;
    if (apart) this.views.clear();
    if (apart || !this.loaded) this.more = more;
    this.loaded = true;
    this.farPinned = new Map(pinned.map((message) => [message.id, message]));
    const fresh = messages.filter((message) => !this.views.has(message.id)).length;
    for (const message of messages) this.put(message);
    this.arrange();
    if (this.scroller.getAttribute("aria-live") === "off") {
      this.showLatest();
      requestAnimationFrame(() => {
        this.scroller.setAttribute("aria-live", "polite");
        this.top.observe(this.older);
      });
    } else if (fresh > 0) this.arrived(messages.at(-1));
  }

  /** One new or changed message; true if it was new. */
  take(message) {
    if (this.more && message.id < this.firstId) {
      this.changedFarAbove(message);
      return false;
    }
    const fresh = !this.views.has(message.id);
    this.put(message);
    if (!fresh) return false;
    this.arrange();
    this.arrived(message);
    return true;
  }

  /** A change to what is not loaded matters only if it is pinned. */
  changedFarAbove(message) {
    if (message.pinned) this.farPinned.set(message.id, message);
    else this.farPinned.delete(message.id);
  }

  put(message) {
    this.farPinned.delete(message.id);
    const known = this.views.get(message.id);
    if (known) known.update(message);
    else this.views.set(message.id, new MessageView(message, this.env));
    if (message.client) this.settle(message.client);
    else if (message.from === "me" && !known) this.settleSent();
  }

  /** Order by id, with a separator before each day and authors named once per group. */
  arrange() {
    const ordered = [...this.views.values()].sort((a, b) => a.message.id - b.message.id);
    const wanted = [];
    let previous = null;
    for (const view of ordered) {
      const newDay = !previous || this.day(view) !== this.day(previous);
      if (newDay) wanted.push(this.separator(view.at));
      const gap = previous ? view.at - previous.at : Infinity;
      const joined =
        !newDay && previous.message.from === view.message.from && gap < GROUP_MINUTES * 60_000;
      view.element.classList.toggle("joined", joined);
      wanted.push(view.element);
      previous = view;
    }
    this.older.hidden = !this.more;
    this.empty.hidden = wanted.length > 0 || this.pending.size > 0;
    placeChildren(this.list, wanted);
  }

  day(view) {
    return this.env.words.dayNumber(view.at);
  }

  separator(moment) {
    this.days ??= new Map();
    const key = this.env.words.dayNumber(moment);
    if (!this.days.has(key)) this.days.set(key, make("h3", { class: "day" }, make("span")));
    const heading = this.days.get(key);
    const text = this.env.words.day(moment);
    if (heading.firstChild.textContent !== text) heading.firstChild.textContent = text;
    return heading;
  }

  arrived(message) {
    const view = this.views.get(message.id);
    if (message.from === "me") return this.showLatest();
    if (!this.atBottom || !view) {
      this.down.hidden = false;
      return undefined;
    }
    this.untouched = true;
    return this.showLatest();
  }

  /** The end of the conversation; a card taller than the window is shown from its beginning. */
  showLatest() {
    const last = this.list.lastElementChild;
    const tall = last && last.offsetHeight + EDGES_PX > this.scroller.clientHeight;
    this.toBottom();
    if (!tall || !this.scroller.clientHeight) return;
    this.atBottom = false;
    this.scroller.scrollTop = last.offsetTop - 8;
    this.env.seen();
  }

  /** Whether somebody can be looking: not in a hidden tab, nor behind the other chat. */
  get inSight() {
    return document.visibilityState === "visible" && this.scroller.clientHeight > 0;
  }

  /** Taken off the page, an element forgets how far it was scrolled. */
  leave() {
    this.scrolledTo = this.scroller.scrollTop;
  }

  enter() {
    if (this.atBottom) this.showLatest();
    else this.scroller.scrollTop = this.scrolledTo;
  }

  resized() {
    if (this.untouched) this.showLatest();
    else if (this.atBottom) this.toBottom();
    if (this.atBottom) this.env.seen();
  }

  scrolled() {
    if (this.scroller.clientHeight === 0) return;
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.atBottom = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    if (this.atBottom) {
      this.down.hidden = true;
      this.env.seen();
    }
  }

  toBottom(focus = false) {
    this.atBottom = true;
    this.down.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    if (focus) this.scroller.focus({ preventScroll: true });
  }

  async loadOlder() {
    if (this.loading || !this.more) return;
    this.loading = true;
    this.scroller.setAttribute("aria-busy", "true");
    this.older.textContent = this.env.words.say("log.loading");
    try {
      const page = await this.env.older(this.firstId);
      this.prepend(page.messages, page.more);
    } finally {
      this.older.textContent = this.env.words.say("log.older");
      this.scroller.removeAttribute("aria-busy");
      this.loading = false;
    }
  }

  prepend(messages, more) {
    const height = this.scroller.scrollHeight;
    const top = this.scroller.scrollTop;
    this.more = more;
    for (const message of messages) this.put(message);
    for (const message of messages)
      this.views.get(message.id).element.setAttribute("aria-live", "off");
    this.arrange();
    this.scroller.scrollTop = top + this.scroller.scrollHeight - height;
    // Watching anew asks again whether the button is in sight: short pages fill the window.
    this.top.unobserve(this.older);
    this.top.observe(this.older);
  }

  get firstId() {
    return Math.min(...this.views.keys());
  }

  get lastId() {
    return this.views.size ? Math.max(...this.views.keys()) : 0;
  }

  get pinned() {
    const near = [...this.views.values()].map((view) => view.message);
    return [...this.farPinned.values(), ...near.filter((message) => message.pinned)];
  }

  /** Show a message that may lie far above; loads what is missing. */
  async reveal(id) {
    while (!this.views.has(id) && this.more && !this.loading) await this.loadOlder();
    const view = this.views.get(id);
    if (!view) return;
    this.atBottom = false;
    this.untouched = false;
    this.scroller.scrollTop = view.element.offsetTop - 12;
    view.element.focus({ preventScroll: true });
    view.element.classList.add("shown");
    view.element.addEventListener("animationend", () => view.element.classList.remove("shown"), {
      once: true,
    });
  }

  /** What was typed but is not confirmed yet. */
  addPending(item) {
    const state = make("span", { text: this.env.words.say("message.sending") });
    const text = make("div", { class: "text typed", text: item.text ?? item.file.name });
    const bubble = make("div", { class: "bubble" }, text, make("p", { class: "foot" }, state));
    const element = make("article", { class: "message me pending", "aria-live": "off" }, bubble);
    this.pending.set(item.id, { element, state, sent: false });
    this.waiting.append(element);
    this.empty.hidden = true;
    this.toBottom();
  }

  markPending(id, word) {
    const entry = this.pending.get(id);
    if (entry) entry.state.textContent = word ? this.env.words.say(word) : "";
    if (entry && !word) entry.sent = true;
  }

  settle(id) {
    this.pending.get(id)?.element.remove();
    this.pending.delete(id);
  }

  /** A server that does not name the client's id answers in the order of sending. */
  settleSent() {
    const oldest = [...this.pending].find(([, entry]) => entry.sent);
    if (oldest) this.settle(oldest[0]);
  }

  close() {
    this.sizes.disconnect();
    this.top.disconnect();
  }
}

/** Children in the wanted order, touching only what is out of place (focus and playback stay). */
function placeChildren(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((child, index) => {
    if (parent.children[index] !== child)
      parent.insertBefore(child, parent.children[index] ?? null);
  });
}
