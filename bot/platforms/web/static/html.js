// Elements made by hand, and server HTML read against a list of what is allowed.

const INLINE = ["B", "I", "CODE", "A", "BR", "STRONG", "EM"];
const BLOCKS = ["P", "UL", "OL", "LI", "H2", "H3"];
const SAFE_LINK = /^(https?:|mailto:|\/(?!\/))/i;
const DOTS = /[●○]{2,}|[▰▱]{2,}/g;

/** An element with properties (`class`, `data-…`, `aria-…` as attributes) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An icon of the sprite `icons.svg`; decoration only, its button carries the name. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("viewBox", "0 0 24 24");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** The message HTML as a fragment: allowed tags kept, all others replaced by their text. */
export function inlineHtml(html, words) {
  return cleaned(html, INLINE, words);
}

/** The guide's HTML: paragraphs, lists and headings besides the inline tags. */
export function blockHtml(html, words) {
  return cleaned(html, [...INLINE, ...BLOCKS], words);
}

function cleaned(html, allowed, words) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  copy(parsed.body, fragment, allowed, words);
  return fragment;
}

function copy(from, to, allowed, words) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      to.append(...withDots(node.data, words));
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      if (["SCRIPT", "STYLE", "TEMPLATE"].includes(node.tagName)) continue;
      const target = allowed.includes(node.tagName)
        ? to.appendChild(cleanElement(node, words))
        : to;
      copy(node, target, allowed, words);
    }
  }
}

function cleanElement(node, words) {
  const element = document.createElement(node.tagName);
  const address = node.getAttribute("href");
  if (node.tagName === "A" && address && SAFE_LINK.test(address)) {
    element.href = address;
    element.target = "_blank";
    element.rel = "noopener noreferrer";
    element.title = words.say("message.new_tab");
  }
  return element;
}

/**
 * Runs of ●○ said as "2 von 3 Punkten" instead of "schwarzer Kreis, schwarzer Kreis …"; bars of
 * ▰▱ not at all, for the numbers always stand beside them.
 */
export function* withDots(text, words) {
  let end = 0;
  for (const match of text.matchAll(DOTS)) {
    if (match.index > end) yield text.slice(end, match.index);
    yield /[▰▱]/u.test(match[0])
      ? make("span", { class: "meter", "aria-hidden": "true", text: match[0] })
      : make("span", {
          class: "dots",
          role: "img",
          "aria-label": dotsSpoken(match[0], words),
          text: match[0],
        });
    end = match.index + match[0].length;
  }
  if (end < text.length) yield text.slice(end);
}

/** "●" → "1 Punkt", "●○" → "1 von 2 Punkten". */
export function dotsSpoken(dots, words) {
  const given = [...dots].filter((dot) => dot === "●").length;
  if (given === dots.length) return words.say("dots.given", { n: given });
  return words.say("dots.of", { n: given, all: dots.length });
}

/** Plain text of message HTML, one line. */
export function plainText(html) {
  const parsed = new DOMParser().parseFromString(html.replace(/<br\s*\/?>/gi, " · "), "text/html");
  return parsed.body.textContent.replace(/(\s*·\s*)+/g, " · ").replace(/^ · | · $/g, "");
}
