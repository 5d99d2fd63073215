// Texts whose contrast to what lies behind them is below 4.5 : 1 (WCAG 2.2, 1.4.3), and how many
// texts were looked at.
async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => {
    const part = top[3];
    return [0, 1, 2].map((i) => top[i] * part + below[i] * (1 - part)).concat(1);
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = rgba(getComputedStyle(at).backgroundColor);
      if (layer[3] > 0) layers.unshift(layer);
      if (layer[3] === 1) break;
    }
    return layers.reduce((below, top) => over(top, below), rgba("Canvas"));
  };
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 10.31475 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const ratio = (first, second) => {
    const [high, low] = [light(first), light(second)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };

  const poor = [];
  let looked = 0;
  const look = (text, element, colour) => {
    looked += 1;
    const back = behind(element);
    const found = ratio(over(rgba(colour), back), back);
    if (found < 4.5) poor.push(`${found.toFixed(2)} ${text.trim().slice(0, 40)}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!data.trim() || !parentElement.checkVisibility({ visibilityProperty: true })) continue;
    if (parentElement.closest(".unseen, .skip:not(:focus), noscript")) continue;
    look(data, parentElement, getComputedStyle(parentElement).color);
  }
  for (const field of document.querySelectorAll("textarea")) {
    if (!field.checkVisibility()) continue;
    look(field.placeholder, field, getComputedStyle(field, "::placeholder").color);
    look(field.value || "typed", field, getComputedStyle(field).color);
  }
  return { poor, looked };
};
