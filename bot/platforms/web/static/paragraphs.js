// A message's lines as what they are: paragraphs, and lists of the lines that begin with a bullet.

import { make } from "./html.js";

const BULLET = /^\s*[•–]\s+/u;

/** The content of `fragment`, two line breaks parting paragraphs, as block elements. */
export function paragraphs(fragment) {
  const blocks = [];
  let last = null;
  for (const line of linesOf(fragment)) {
    if (line.length === 0) {
      last = null;
      continue;
    }
    const tag = isItem(line) ? "UL" : "P";
    if (last?.tagName !== tag) blocks.push((last = make(tag)));
    else if (tag === "P") last.append(make("br"));
    last.append(...(tag === "UL" ? [item(line)] : line));
  }
  return blocks;
}

function linesOf(fragment) {
  const lines = [[]];
  for (const node of fragment.childNodes) {
    if (node.nodeName === "BR") lines.push([]);
    else lines.at(-1).push(node);
  }
  return lines;
}

function isItem([first]) {
  return first.nodeType === Node.TEXT_NODE && BULLET.test(first.data);
}

function item(line) {
  line[0].data = line[0].data.replace(BULLET, "");
  return make("li", {}, ...line);
}
