// A text of one's own to practise with.

import { asked } from "./dialog.js";
import { h } from "./dom.js";

const NOTE =
  "Its words that this keyboard can spell are asked, one after the other. The text stays on this page and is gone when you close it; only what you swipe is kept. Without a text, swipefl’s own sentences are asked.";

/** Asks for a text; `given` is the one so far. @returns {Promise<string|null>} "" for none any more, null where it stays */
export function askText(given, language) {
  const area = h("textarea", {
    rows: "8",
    maxlength: "20000",
    "aria-label": "Text",
    lang: language,
    placeholder: "Paste or write anything",
  });
  area.value = given;
  return asked("Your own text", [h("p", { class: "soft" }, NOTE), area], "Practise", { read: () => area.value.trim() });
}
