// The tab to try it on: any layout, any language, and words as they come.

import { problemText } from "./api.js";
import { Chooser } from "./chooser.js";
import { h } from "./dom.js";
import { greeting, showGhost } from "./ghost.js";
import { SwipeInput } from "./input.js";
import { languageName } from "./layouts.js";
import { persistently } from "./outbox.js";

const HINT = "Press on a word’s first letter, glide from letter to letter, and lift.";
const KEPT = "What you swipe is kept on this device, and nowhere else.";
const NOT_KEPT = "Nothing of what you swipe here is kept.";

/** Fills the tab. Waits for a server that is away. Throws Problem. */
export async function start(section, { settings, onShow }) {
  const waiting = h("p", { class: "plain" });
  section.append(waiting);
  const tab = new Try(settings);
  await persistently(
    () => tab.chooser.look(),
    (problem) => (waiting.textContent = problemText(problem)),
  );
  waiting.remove();
  tab.build(section);
  onShow("try", () => tab.look());
}

class Try {
  constructor(settings) {
    this.settings = settings;
    this.chooser = new Chooser(
      settings,
      () => this.change(),
      (problem) => this.input.failed(problem),
    );
    this.endGhost = null;
  }

  build(section) {
    const { settings, chooser } = this;
    section.append(h("div", { class: "stage-head" }, chooser.elements));
    this.input = new SwipeInput(section, {
      layout: chooser.layout,
      language: chooser.language,
      hint: HINT,
      isPrivate: () => settings.get("private"),
      showsSight: () => settings.get("saw"),
      onStart: () => this.greeted(),
    });
    const saw = switchOf("saw", "Show what it saw", "saw", settings);
    const keep = switchOf("keep", "Don’t keep what I swipe here", "private", settings);
    settings.onChange("saw", () => this.input.look());
    settings.onChange("private", () => this.warn());
    // words that were erased may stand here still: nobody wants to see them, and none may get back into the store
    settings.onChange("forgotten", () => this.input.forget());
    this.input.writing.after(h("div", { class: "stage-foot" }, saw, keep));
    this.warn();
  }

  /** The tab is shown, perhaps not for the first time: another one may have chosen another layout. */
  async look() {
    this.greet();
    try {
      if (await this.chooser.look()) this.change();
    } catch (problem) {
      this.input.failed(problem);
    }
  }

  change() {
    this.input.use(this.chooser.layout, this.chooser.language);
    this.warn();
    this.greet();
  }

  /** Says where there is no word to be found, before anybody wonders. */
  warn() {
    const { language, spoken } = this.chooser;
    const isSpoken =
      !language || language.split(",").some((tag) => spoken.includes(tag) || spoken.includes(tag.split("-")[0]));
    const usual = this.settings.get("private") ? NOT_KEPT : KEPT;
    this.input.say(
      isSpoken
        ? usual
        : `There are no words of ${languageName(language)} here yet; “swipefl lexicons add” brings them.`,
      !isSpoken,
    );
  }

  /** Shows on a first visit how a word is swiped. */
  greet() {
    this.endGhost?.();
    const { keyboard, language } = this.input;
    const word = this.settings.get("greeted") ? "" : greeting(keyboard, language);
    this.endGhost = word ? showGhost(keyboard, word) : null;
    this.input.suggest(
      word ? `Swipe “${word}”: press on ${[...word][0]}, glide from letter to letter, and lift.` : HINT,
    );
  }

  greeted() {
    this.endGhost?.();
    this.endGhost = null;
    this.settings.set("greeted", true);
  }
}

/** A switch of a setting, which may also be set elsewhere: in another tab of the page, or of the browser. */
function switchOf(role, label, name, settings) {
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    "data-role": role,
    checked: settings.get(name),
    onchange: () => settings.set(name, input.checked),
  });
  settings.onChange(name, (isOn) => (input.checked = isOn));
  return h("label", { class: "switch" }, input, label);
}
