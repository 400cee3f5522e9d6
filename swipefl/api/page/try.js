// The tab to try it on: any layout, any language, and words as they come.

import { get, problemText } from "./api.js";
import { clear, h } from "./dom.js";
import { greeting, showGhost } from "./ghost.js";
import { SwipeInput } from "./input.js";
import { firstLanguage, firstLayout, languageName, languageOptions, languagesOf, layoutOptions } from "./layouts.js";
import { persistently } from "./outbox.js";

const HINT = "Press on a word’s first letter, glide from letter to letter, and lift.";

/** Fills the tab. Waits for a server that is away. */
export async function start(section, { settings, onShow }) {
  const waiting = h("p", { class: "plain" });
  section.append(waiting);
  const here = (ask) => persistently(ask, (problem) => (waiting.textContent = problemText(problem)));
  try {
    const [{ keyboards }, spoken] = await here(() => Promise.all([get("/keyboards"), spokenLanguages()]));
    const layout = await here(() => layoutNamed(keyboards, settings.get("layout")));
    clear(section);
    const tab = new Try(section, settings, keyboards, spoken);
    tab.begin(layout);
    onShow("try", () => tab.look());
  } catch (problem) {
    waiting.textContent = problemText(problem);
  }
}

class Try {
  constructor(section, settings, keyboards, spoken) {
    Object.assign(this, { section, settings, keyboards, spoken, endGhost: null });
    this.layouts = h("select", { "data-role": "layout", "aria-label": "Layout", onchange: () => this.change(this.layouts.value) }, layoutOptions(keyboards));
    this.languages = h("select", { "data-role": "language", "aria-label": "Language", onchange: () => this.speak(this.languages.value) });
    this.saw = switchOf("saw", "Show what it saw", settings.get("saw"), (isOn) => {
      settings.set("saw", isOn);
      this.input.look();
    });
    this.keep = switchOf("keep", "Don’t keep what I swipe here", settings.get("private"), (isOn) => settings.set("private", isOn));
  }

  begin(layout) {
    const language = this.offer(layout);
    this.section.append(h("div", { class: "stage-head" }, h("div", { class: "choice" }, this.layouts), h("div", { class: "choice" }, this.languages)));
    this.input = new SwipeInput(this.section, {
      layout,
      language,
      hint: HINT,
      isPrivate: () => this.settings.get("private"),
      showsSight: () => this.settings.get("saw"),
      onStart: () => this.greeted(),
    });
    this.input.writing.after(h("div", { class: "stage-foot" }, this.saw, this.keep));
    this.layouts.value = layout.name;
    this.warn();
  }

  /** The tab is shown, perhaps not for the first time. */
  look() {
    this.greet();
  }

  async change(name) {
    try {
      const layout = await persistently(() => layoutNamed(this.keyboards, name), (problem) => this.input.failed(problem));
      this.settings.set("layout", name);
      this.settings.set("language", null);
      this.input.use(layout, this.offer(layout));
      this.warn();
      this.greet();
    } catch (problem) {
      this.input.failed(problem);
    }
  }

  speak(language) {
    this.settings.set("language", language);
    this.input.use(this.input.layout, language);
    this.warn();
    this.greet();
  }

  /** Says where there is no word to be found, before anybody wonders. */
  warn() {
    const { language } = this.input;
    const isSpoken = !language || language.split(",").some((tag) => this.spoken.includes(tag) || this.spoken.includes(tag.split("-")[0]));
    this.input.say(isSpoken ? "" : `There are no words of ${languageName(language)} here yet; “swipefl lexicons add” brings them.`, !isSpoken);
  }

  /** Offers the languages of a layout, and returns the one that is chosen. */
  offer(layout) {
    const languages = languagesOf(layout, this.spoken);
    const before = this.settings.get("language");
    const language = languages.flat().includes(before) ? before : firstLanguage(languages);
    clear(this.languages).append(...languageOptions(languages));
    this.languages.value = language;
    return language;
  }

  greet() {
    this.endGhost?.();
    this.endGhost = null;
    const { keyboard, language } = this.input;
    const word = this.settings.get("greeted") ? "" : greeting(keyboard, language);
    if (word) this.endGhost = showGhost(keyboard, word);
    this.input.suggest(word ? `Swipe “${word}”: press on ${[...word][0]}, glide from letter to letter, and lift.` : HINT);
  }

  greeted() {
    this.endGhost?.();
    this.endGhost = null;
    this.settings.set("greeted", true);
  }
}

async function layoutNamed(keyboards, wanted) {
  const known = keyboards.some(({ name }) => name === wanted) ? wanted : firstLayout(keyboards);
  return get(`/keyboards/${encodeURIComponent(known)}`);
}

/** The languages whose words are here, each once. */
async function spokenLanguages() {
  const { lexicons } = await get("/lexicons");
  return [...new Set(lexicons.map(({ language }) => language))];
}

function switchOf(role, label, isOn, onChange) {
  const input = h("input", { type: "checkbox", role: "switch", "data-role": role, checked: isOn, onchange: () => onChange(input.checked) });
  return h("label", { class: "switch" }, input, label);
}
