// Talking to the server: requests that tell "not reached" from "refused", a queue that repeats
// what was not reached with the same id, and the stream of events.

import { tabMemory } from "./memory.js";

const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000, 30000];
const REQUEST_LIMIT_MS = 20_000;
const UPLOAD_LIMIT_MS = 300_000;
const SILENCE_LIMIT_MS = 60_000;
const REST_AFTER_MS = 30_000;
/** Answers of a proxy or a server that is restarting: worth another try with the same id. */
const TRY_AGAIN = [408, 425, 429, 502, 503, 504];

/** The server answered and said no; `message` is its sentence or empty. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The server was not reached, or is restarting. */
export class Unreached extends Error {}

export async function getJson(address) {
  return answer(address, {}, REQUEST_LIMIT_MS);
}

async function answer(address, options, limit) {
  let response;
  try {
    response = await fetch(address, { ...options, signal: AbortSignal.timeout(limit) });
  } catch (error) {
    throw new Unreached(error.message);
  }
  if (TRY_AGAIN.includes(response.status)) throw new Unreached(`${response.status}`);
  let body = {};
  try {
    body = await response.json();
  } catch (error) {
    if (response.ok) throw new Unreached(error.message);
  }
  if (!response.ok) throw new Refused(response.status, body.error ?? "");
  return body;
}

function pause(attempt) {
  const base = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)];
  return base * (0.8 + 0.4 * Math.random());
}

/** A new idempotency key; randomUUID is missing where the page is not a secure context. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Repeat `work` until the server is reached; `wake()` ends a waiting time early. */
export class Retry {
  constructor() {
    this.cancelled = false;
  }

  async run(work, onWaiting) {
    for (let attempt = 0; !this.cancelled; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Unreached) || this.cancelled) throw error;
        onWaiting();
        await this.wait(pause(attempt));
      }
    }
    throw new Unreached("cancelled");
  }

  wait(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake() {}

  cancel() {
    this.cancelled = true;
    this.wake();
  }
}

/**
 * What the person did, sent one after the other so that the order stays.
 *
 * Items: `{id, kind: "say"|"press"|"file", place, …}`. Typed text survives a reload of the tab.
 * Events: waiting(item), sent(item), refused(item, error).
 */
export class Outbox {
  constructor(who, slot, events) {
    this.address = `/api/chat/${encodeURIComponent(who)}`;
    this.memory = `gnk.outbox.${slot}.${who}`;
    this.events = events;
    this.retry = new Retry();
    this.items = JSON.parse(tabMemory.get(this.memory) ?? "[]");
    this.running = false;
  }

  add(item) {
    this.items.push(item);
    this.remember();
    this.start();
  }

  async start() {
    if (this.running) return;
    this.running = true;
    while (this.items.length > 0 && !this.retry.cancelled) await this.sendFirst();
    this.running = false;
  }

  async sendFirst() {
    const item = this.items[0];
    let done = () => this.events.sent(item);
    try {
      await this.retry.run(
        () => this.post(item),
        () => this.events.waiting(item),
      );
    } catch (error) {
      if (this.retry.cancelled) return;
      done = () => this.events.refused(item, error);
    }
    this.items.shift();
    this.remember();
    done();
  }

  post(item) {
    if (item.kind === "file") return this.upload(item);
    const body =
      item.kind === "say"
        ? { id: item.id, place: item.place, text: item.text }
        : { id: item.id, place: item.place, message: item.message, action: item.action };
    const options = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    return answer(`${this.address}/${item.kind}`, options, REQUEST_LIMIT_MS);
  }

  upload(item) {
    const form = new FormData();
    form.append("id", item.id);
    form.append("place", item.place);
    form.append("file", item.file, item.file.name);
    return answer(`${this.address}/file`, { method: "POST", body: form }, UPLOAD_LIMIT_MS);
  }

  /** Files cannot be kept across a reload; their name is, so that the loss can be told. */
  remember() {
    const kept = this.items
      .filter((item) => item.kind !== "press")
      .map((item) => (item.kind === "file" ? { ...item, kind: "lost", file: undefined } : item));
    tabMemory.set(this.memory, JSON.stringify(kept));
  }

  /** Take out the files that a reload lost; true if there were any. */
  dropLost() {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.kind !== "lost");
    this.remember();
    return this.items.length < before;
  }

  wake() {
    this.retry.wake();
  }

  close() {
    this.retry.cancel();
  }
}

/**
 * The event stream, reopened with growing pauses and with the last event's id.
 *
 * Handlers: message(data), toast(data), places(), connected(again), disconnected().
 * `rests`: give the connection back while the tab is out of sight, because a browser has only
 * six for one server and its tabs share them.
 */
export class Events {
  constructor(who, handlers, rests) {
    this.address = `/api/chat/${encodeURIComponent(who)}/events`;
    this.handlers = handlers;
    this.rests = rests;
    this.resting = false;
    this.last = "";
    this.attempt = 0;
    this.opened = false;
    this.onOnline = () => this.open();
    this.onOffline = () => this.lost();
    window.addEventListener("online", this.onOnline);
    window.addEventListener("offline", this.onOffline);
    this.onVisibility = () => this.visibilityChanged();
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  visibilityChanged() {
    clearTimeout(this.restTimer);
    if (!this.rests) return;
    if (document.visibilityState === "hidden") {
      this.restTimer = setTimeout(() => {
        this.resting = true;
        this.stop();
      }, REST_AFTER_MS);
    } else if (this.resting) {
      this.resting = false;
      this.open();
    }
  }

  open() {
    if (this.resting) return;
    this.stop();
    const query = this.last ? `?last=${encodeURIComponent(this.last)}` : "";
    const source = new EventSource(this.address + query);
    this.source = source;
    source.onopen = () => {
      this.attempt = 0;
      this.watch();
      this.handlers.connected(this.opened);
      this.opened = true;
    };
    source.onerror = () => this.lost();
    source.addEventListener("message", (event) => this.take(event, this.handlers.message));
    source.addEventListener("toast", (event) => this.take(event, this.handlers.toast));
    source.addEventListener("places", (event) => this.take(event, () => this.handlers.places()));
    source.addEventListener("ping", () => this.watch());
  }

  take(event, handler) {
    if (event.lastEventId) this.last = event.lastEventId;
    this.watch();
    handler(event.data ? JSON.parse(event.data) : {});
  }

  /** A connection that says nothing for a minute is dead, even if nobody closed it. */
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), SILENCE_LIMIT_MS);
  }

  lost() {
    if (this.resting) return;
    this.stop();
    this.handlers.disconnected();
    this.timer = setTimeout(() => this.open(), pause(this.attempt));
    this.attempt += 1;
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = undefined;
  }

  close() {
    this.stop();
    window.removeEventListener("online", this.onOnline);
    window.removeEventListener("offline", this.onOffline);
    document.removeEventListener("visibilitychange", this.onVisibility);
    clearTimeout(this.restTimer);
  }
}
