// The chat of one person, on a page of its own.

import { ChatPanel } from "./panel.js";
import { wordsFor } from "./words.js";

const byId = (id) => document.getElementById(id);

async function open() {
  const words = await wordsFor(navigator.language);
  const titled = (count) => {
    document.title = count > 0 ? `(${count}) GNK-Bot` : "GNK-Bot";
  };
  const panel = new ChatPanel(byId("chat"), "me", "me", {
    named: (answer, spoken) => {
      byId("name").textContent = answer.name;
      document.documentElement.lang = spoken.tag;
      spoken.apply(document.querySelector(".frame"));
    },
    unread: titled,
  });
  words.apply(document.querySelector(".frame"));
  document.documentElement.lang = words.tag;
  await panel.start(words);
}

open();
