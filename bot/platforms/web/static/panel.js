// One chat as one person: places, messages, writing, notices, connection.

import { Composer } from "./composer.js";
import { make } from "./html.js";
import { Log } from "./log.js";
import { browserMemory, tabMemory } from "./memory.js";
import { setBusy } from "./message.js";
import { Events, getJson, newId, Outbox, Refused, Retry } from "./net.js";
import { Notices } from "./notices.js";
import { Pinned } from "./pinned.js";
import { Places } from "./places.js";
import { wordsFor } from "./words.js";

const OFFLINE_AFTER_MS = 1500;
const BUSY_AT_MOST_MS = 8000;

/**
 * Draws itself into `root`. Callbacks: named(places, words), unread(count).
 * `rests`: without a connection while the tab is out of sight (see Events).
 */
export class ChatPanel {
  constructor(root, who, slot, callbacks, rests = false) {
    this.root = root;
    this.who = who;
    this.slot = slot;
    this.callbacks = callbacks;
    this.rests = rests;
    this.address = `/api/chat/${encodeURIComponent(who)}`;
    this.logs = new Map();
    this.busy = new Map();
    this.retry = new Retry();
  }

  async start(words) {
    this.words = words;
    this.build();
    try {
      await this.loadPlaces();
      this.choose(this.rememberedPlace());
      this.composer.element.inert = false;
      this.connect();
      await Promise.all(this.places.map((place) => this.loadNewest(place.id)));
    } catch (error) {
      if (!this.closed) this.showRefusal(error);
    }
  }

  /** Nobody may chat here under this name (an expired link, say): only the reason is left. */
  showRefusal(error) {
    if (!(error instanceof Refused)) throw error;
    const text = error.message || this.words.say("error.unknown");
    this.view.replaceChildren(make("p", { class: "refused", role: "alert", text }));
    this.composer.element.hidden = true;
    this.skip.hidden = true;
  }

  build() {
    this.notices = new Notices(this.live({}));
    this.tabs = new Places(this.live({ prefix: this.slot, choose: (id) => this.choose(id) }));
    this.pinned = new Pinned(this.live({ reveal: (id) => this.log.reveal(id) }));
    this.composer = new Composer(
      this.live({
        prefix: this.slot,
        send: (text, files) => this.send(text, files),
        tell: (text) => this.notices.tell(text),
      }),
    );
    // Nothing can be written before it is known where to.
    this.composer.element.inert = true;
    this.view = make("div", { class: "view", role: "tabpanel", id: `${this.slot}-view` });
    this.skip = make("a", {
      class: "skip inner",
      href: `#${this.slot}-input`,
      "data-word": "skip.input",
    });
    this.drop = make("p", { class: "drop", "data-word": "input.drop", hidden: true });
    this.root.replaceChildren(
      this.skip,
      this.tabs.element,
      this.notices.banner,
      this.pinned.element,
      this.notices.top,
      this.view,
      this.notices.element,
      this.composer.element,
      this.drop,
    );
    this.outbox = new Outbox(this.who, this.slot, {
      waiting: (item) => this.waiting(item),
      sent: (item) => this.sent(item),
      refused: (item, error) => this.refused(item, error),
    });
    this.onVisible = () => this.log?.atBottom && this.markSeen(this.place);
    document.addEventListener("visibilitychange", this.onVisible);
    this.listenForFiles();
    this.relabel();
  }

  /** Places, name, language and commands; again whenever the server says they changed. */
  async loadPlaces() {
    const load = () => getJson(`${this.address}/places`);
    const answer = await this.retry.run(load, () => this.notices.offline(true));
    this.places = answer.places;
    this.composer.commands = answer.commands ?? [];
    this.words = await this.retry.run(
      () => wordsFor(answer.language),
      () => this.notices.offline(true),
    );
    this.words.zone = answer.timezone;
    this.name = answer.name;
    this.root.lang = this.words.tag;
    this.notices.offline(false);
    this.callbacks.named(answer, this.words);
    this.relabel();
    if (this.place) this.choose(this.place);
  }

  /** `env` with the panel's words, always the current ones: the language can change. */
  live(env) {
    return Object.defineProperty(env, "words", { get: () => this.words });
  }

  relabel() {
    this.words.apply(this.root);
    this.notices.label();
    if (!this.places) return;
    this.tabs.show(this.places, this.place);
    for (const place of this.places) this.logOf(place.id).label(place);
    this.pinned.show(this.log?.pinned ?? []);
  }

  rememberedPlace() {
    const before = tabMemory.get(`gnk.place.${this.slot}.${this.who}`);
    return this.places.some((place) => place.id === before) ? before : this.places[0].id;
  }

  get log() {
    return this.logs.get(this.place);
  }

  logOf(id) {
    if (!this.logs.has(id)) {
      const env = this.live({
        press: (view, button) => this.press(view, button),
        older: (before) => this.olderThan(id, before),
        begin: () => this.send("/start", []),
        seen: () => this.markSeen(id),
      });
      this.logs.set(id, new Log(env));
    }
    return this.logs.get(id);
  }

  choose(id) {
    const place = this.places.find((candidate) => candidate.id === id) ?? this.places[0];
    this.log?.leave();
    this.place = place.id;
    tabMemory.set(`gnk.place.${this.slot}.${this.who}`, place.id);
    const log = this.logOf(place.id);
    this.view.replaceChildren(log.element);
    log.enter();
    this.view.setAttribute("aria-labelledby", `${this.slot}-tab-${place.id}`);
    this.tabs.select(place.id);
    this.composer.label(place);
    this.pinned.show(log.pinned);
    this.markSeen(place.id);
  }

  // --- reading ----------------------------------------------------------------------------

  async loadNewest(id) {
    const load = () => getJson(`${this.address}/messages?place=${encodeURIComponent(id)}`);
    const answer = await this.retry.run(load, () => this.notices.offline(true));
    if (this.closed) return;
    const log = this.logOf(id);
    log.showNewest(answer.messages, answer.more, answer.pinned ?? []);
    if (id === this.place) {
      this.pinned.show(log.pinned);
      this.markSeen(id);
    }
    this.countUnread(id);
  }

  olderThan(id, before) {
    const query = `place=${encodeURIComponent(id)}&before=${before}`;
    return this.retry.run(
      () => getJson(`${this.address}/messages?${query}`),
      () => this.notices.offline(true),
    );
  }

  connect() {
    const retryAll = () => {
      this.outbox.wake();
      this.retry.wake();
    };
    const handlers = {
      message: (message) => this.arrived(message),
      toast: (toast) => this.toasted(toast.text),
      places: () => this.placesChanged(),
      connected: (again) => {
        clearTimeout(this.offlineTimer);
        this.notices.offline(false);
        retryAll();
        if (again) this.catchUp();
      },
      disconnected: () => {
        clearTimeout(this.offlineTimer);
        this.offlineTimer = setTimeout(() => this.notices.offline(true), OFFLINE_AFTER_MS);
      },
    };
    this.events = new Events(this.who, handlers, this.rests);
    this.events.open();
    if (this.outbox.dropLost()) this.notices.error(this.words.say("error.file_lost"));
    for (const item of this.outbox.items)
      if (item.kind === "say") this.logOf(item.place).addPending(item);
    this.outbox.start();
  }

  /** What was missed while there was no connection. */
  catchUp() {
    const failed = (error) => !this.closed && this.notices.error(error.message);
    Promise.all(this.places.map((place) => this.loadNewest(place.id))).catch(failed);
  }

  async placesChanged() {
    const known = new Set(this.places.map((place) => place.id));
    try {
      await this.loadPlaces();
      const fresh = this.places.filter((place) => !known.has(place.id));
      await Promise.all(fresh.map((place) => this.loadNewest(place.id)));
    } catch (error) {
      if (!this.closed) this.notices.error(error.message);
    }
  }

  arrived(message) {
    const log = this.logOf(message.place);
    log.take(message);
    this.release((button) => button.place === message.place);
    if (message.place === this.place) {
      this.pinned.show(log.pinned);
      if (log.atBottom) this.markSeen(message.place);
    }
    this.countUnread(message.place);
  }

  toasted(text) {
    this.release(() => true);
    this.notices.toast(text);
  }

  // --- what is new ------------------------------------------------------------------------

  seenKey(id) {
    return `gnk.seen.${this.who}.${id}`;
  }

  markSeen(id) {
    if (id !== this.place || !this.log.inSight) return;
    browserMemory.set(this.seenKey(id), String(this.logOf(id).lastId));
    this.countUnread(id);
  }

  countUnread(id) {
    const log = this.logOf(id);
    const stored = browserMemory.get(this.seenKey(id));
    // On the first visit everything counts as read: a town's history is not news. A number
    // beyond the last message is from before the demonstration was started afresh.
    const unknown = stored === null || (log.loaded && Number(stored) > log.lastId);
    if (unknown) browserMemory.set(this.seenKey(id), String(log.lastId));
    const seen = unknown ? log.lastId : Number(stored);
    const fresh = [...log.views.values()].filter(
      ({ message }) => message.id > seen && message.from !== "me",
    ).length;
    this.tabs.setUnread(id, fresh);
    this.callbacks.unread(this.tabs.totalUnread);
  }

  // --- doing ------------------------------------------------------------------------------

  send(text, files) {
    this.notices.clearErrors();
    const items = files.map((file) => ({ id: newId(), kind: "file", place: this.place, file }));
    if (text) items.push({ id: newId(), kind: "say", place: this.place, text });
    for (const item of items) {
      this.log.addPending(item);
      this.outbox.add(item);
    }
  }

  press(view, button) {
    if (button.getAttribute("aria-busy") === "true") return;
    this.notices.clearErrors();
    setBusy(button, true);
    const id = newId();
    const { message } = view;
    this.busy.set(id, { button, place: message.place, sent: false });
    this.outbox.add({
      id,
      kind: "press",
      place: message.place,
      message: message.id,
      action: button.dataset.action,
    });
  }

  /** The answer is there: the buttons that were waiting for it can be pressed again. */
  release(matches) {
    for (const [id, entry] of this.busy) {
      if (!entry.sent || !matches(entry)) continue;
      setBusy(entry.button, false);
      this.busy.delete(id);
    }
  }

  waiting(item) {
    this.notices.offline(true);
    if (item.kind !== "press") this.logOf(item.place).markPending(item.id, "message.waiting");
  }

  sent(item) {
    this.notices.offline(false);
    if (item.kind !== "press") {
      this.logOf(item.place).markPending(item.id, "");
      return;
    }
    const entry = this.busy.get(item.id);
    if (!entry) return;
    entry.sent = true;
    setTimeout(() => this.release((other) => other === entry), BUSY_AT_MOST_MS);
  }

  refused(item, error) {
    if (item.kind === "press") {
      const entry = this.busy.get(item.id);
      if (entry) setBusy(entry.button, false);
      this.busy.delete(item.id);
    } else {
      this.logOf(item.place).settle(item.id);
      if (item.kind === "say") this.composer.giveBack(item.text, item.place);
    }
    const lost = item.kind === "file" ? this.words.say("error.file", { name: item.file.name }) : "";
    this.notices.error([lost, error.message].filter(Boolean).join(" "));
  }

  listenForFiles() {
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    let depth = 0;
    const show = (by) => {
      depth = Math.max(0, depth + by);
      this.drop.hidden = depth === 0;
    };
    this.root.ondragenter = (event) => holdsFiles(event) && show(1);
    this.root.ondragleave = (event) => holdsFiles(event) && show(-1);
    this.root.ondragover = (event) => holdsFiles(event) && event.preventDefault();
    this.root.ondrop = (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      depth = 0;
      this.drop.hidden = true;
      this.composer.addFiles([...event.dataTransfer.files]);
    };
  }

  close() {
    this.closed = true;
    clearTimeout(this.offlineTimer);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.retry.cancel();
    this.outbox?.close();
    this.events?.close();
    this.tabs?.close();
    for (const log of this.logs.values()) log.close();
    this.root.replaceChildren();
  }
}
