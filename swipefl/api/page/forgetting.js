// What is erased for good: asked what, told how much, and only then done.

import { send } from "./api.js";
import { asked } from "./dialog.js";
import { h } from "./dom.js";
import { counted } from "./telling.js";

/**
 * Asks and erases; `onErased()` is called when something was, or may have been.
 * @returns {Promise<string|null>} what was done, null where nothing was. Throws Problem.
 */
export async function forgetting(onErased) {
  const scope = await asked("What shall be forgotten?", fields(), "Look what that is", {
    read: () => read(document.querySelector("dialog form")),
  });
  if (!scope) return null;
  const preview = await send("POST", "/forget", { ...scope, dry_run: true });
  if (!has(preview)) return "There is nothing of that here. Nothing was erased.";
  const sure = await asked(
    "Erase this for good?",
    [h("p", {}, `This erases ${told(preview)}.`), ...remains(preview)],
    "Erase it",
    { isGrave: true },
  );
  if (!sure) return null;
  try {
    return `Erased: ${told(await send("POST", "/forget", scope))}.`;
  } finally {
    onErased();
  }
}

function fields() {
  const word = h("input", {
    type: "text",
    name: "word",
    "aria-label": "The word",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const day = h("input", { type: "date", name: "before", "aria-label": "The day" });
  const choose = (value, text, field) => {
    const radio = h("input", { type: "radio", name: "what", value, checked: value === "word" });
    field?.addEventListener("focus", () => (radio.checked = true));
    return h("div", { class: "option" }, h("label", {}, radio, text), field);
  };
  return h(
    "fieldset",
    {},
    h("legend", { class: "unseen" }, "What"),
    choose("word", "One word, however it is written", word),
    choose("before", "What was swiped before a day", day),
    choose("everything", "Everything that was swiped"),
  );
}

function read(form) {
  const { what, word, before } = Object.fromEntries(new FormData(form));
  if (what === "everything") return { everything: true };
  const field = form.elements[what];
  const said = what === "word" ? word.trim() : before;
  if (!said) field.focus(); // there is something to say yet
  return said ? { [what]: said } : null;
}

function has(report) {
  return ["erased", "stood_before", "words", "hidden"].some((name) => report[name]);
}

/** The counts of a report in words; what is none is left out. */
function told(report) {
  const parts = [
    [report.erased, "swipe"],
    [report.words, "word of yours"],
    [report.hidden, "hidden word"],
    [report.checkpoints, "model of yours"],
    [report.updates, "update"],
  ].map(([count, what]) => (count ? plural(count, what) : null));
  if (report.stood_before) parts.push(`the word before ${counted(report.stood_before, "other swipe")}`);
  const some = parts.filter(Boolean);
  return some.length > 1 ? `${some.slice(0, -1).join(", ")} and ${some.at(-1)}` : some[0];
}

function plural(count, what) {
  const [noun, ...rest] = what.split(" of ");
  const full = [counted(count, noun), ...rest].join(" of ");
  return what === "update" ? `${full} that waited to be sent` : full;
}

function remains({ checkpoints, shared }) {
  const texts = [
    checkpoints && "Models that learned from these swipes go with them; the next night learns anew from what is left.",
    shared && "What the federation already has of them cannot be taken back.",
    "Backups, and the files that swipes came from, are not touched.",
  ];
  return texts.filter(Boolean).map((text) => h("p", { class: "soft" }, text));
}
