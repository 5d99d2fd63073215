// The words of the page itself; what people and the bot say comes from the server.

const LANGUAGES = ["de", "en", "de-simple"];
const loaded = new Map();

/** The dictionary for a language code; unknown codes get English, regional ones their base. */
export async function wordsFor(code) {
  const language = LANGUAGES.includes(code)
    ? code
    : LANGUAGES.includes(base(code))
      ? base(code)
      : "en";
  if (!loaded.has(language)) loaded.set(language, fetchDictionary(language));
  try {
    return new Words(language, await loaded.get(language));
  } catch (error) {
    loaded.delete(language);
    throw error;
  }
}

function base(code) {
  return String(code || "de").split("-")[0];
}

async function fetchDictionary(language) {
  const response = await fetch(`/static/words.${language}.json`);
  if (!response.ok) throw new Error(`words ${language}: ${response.status}`);
  return response.json();
}

/** One language's sentences, plural rules, dates and sizes. */
export class Words {
  constructor(language, dictionary) {
    this.language = language;
    this.dictionary = dictionary;
    this.locale = base(language) === "de" ? "de-DE" : "en-GB";
    this.plural = new Intl.PluralRules(this.locale);
    this.zone = undefined;
  }

  /** BCP 47 tag for a lang attribute; Einfache Sprache is German to a screen reader. */
  get tag() {
    return base(this.language);
  }

  /** A sentence with its `{placeholders}` filled; `n` chooses the plural form. */
  say(key, values = {}) {
    let sentence = this.dictionary[key];
    if (sentence === undefined) throw new Error(`no word for ${key} in ${this.language}`);
    if (typeof sentence !== "string")
      sentence = sentence[this.plural.select(values.n)] ?? sentence.other;
    return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  time(moment) {
    return this.format(moment, { hour: "2-digit", minute: "2-digit" });
  }

  moment(moment) {
    return this.format(moment, { dateStyle: "full", timeStyle: "short" });
  }

  /** "Heute", "Gestern", a weekday within the last week, else the full date. */
  day(moment, now = new Date()) {
    const distance = this.dayNumber(now) - this.dayNumber(moment);
    if (distance === 0) return this.say("day.today");
    if (distance === 1) return this.say("day.yesterday");
    if (distance > 1 && distance < 7) return this.format(moment, { weekday: "long" });
    return this.format(moment, {
      weekday: "short",
      day: "numeric",
      month: "long",
      year: "numeric",
    });
  }

  /** Days since 1970 in the municipality's zone: equal for two moments of the same local day. */
  dayNumber(moment) {
    const [year, month, day] = new Intl.DateTimeFormat("en-CA", { timeZone: this.zone })
      .format(moment)
      .split("-")
      .map(Number);
    return Math.round(Date.UTC(year, month - 1, day) / 86_400_000);
  }

  size(bytes) {
    const [value, unit] =
      bytes < 1_000_000 ? [Math.max(bytes / 1000, 1), "kB"] : [bytes / 1_000_000, "MB"];
    const digits = value < 10 ? 1 : 0;
    return `${new Intl.NumberFormat(this.locale, { maximumFractionDigits: digits }).format(value)} ${unit}`;
  }

  format(moment, options) {
    return new Intl.DateTimeFormat(this.locale, { ...options, timeZone: this.zone }).format(moment);
  }

  /** Fill every element below `root` that names its words in `data-word` or `data-word-label`. */
  apply(root) {
    for (const element of root.querySelectorAll("[data-word]")) {
      element.textContent = this.say(element.dataset.word);
    }
    for (const element of root.querySelectorAll("[data-word-label]")) {
      element.setAttribute("aria-label", this.say(element.dataset.wordLabel));
      if (element.matches("button")) element.title = this.say(element.dataset.wordLabel);
    }
  }
}
