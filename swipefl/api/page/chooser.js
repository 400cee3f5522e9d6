// The two selects of layout and language, which all tabs share.

import { get } from "./api.js";
import { clear, h } from "./dom.js";
import { firstLanguage, firstLayout, languageOptions, languagesOf, layoutOptions } from "./layouts.js";
import { persistently } from "./outbox.js";

/**
 * `layout` is a keyboard of the API, `language` "de" or "de,fr"; `onChange()` is called when another one was chosen,
 * `onProblem(problem)` where it cannot be had for now.
 */
export class Chooser {
  constructor(settings, onChange, onProblem = () => {}) {
    Object.assign(this, { settings, onChange, onProblem, layout: null, language: "" });
    this.layouts = h("select", {
      "data-role": "layout",
      "aria-label": "Layout",
      onchange: () => this.change(this.layouts.value),
    });
    this.languages = h("select", {
      "data-role": "language",
      "aria-label": "Language",
      onchange: () => this.speak(this.languages.value),
    });
    this.elements = [this.layouts, this.languages].map((select) => h("div", { class: "choice" }, select));
  }

  /** What there is, as it is now; returns whether something else is chosen than before. Throws Problem. */
  async look() {
    const [{ keyboards }, { lexicons }] = await Promise.all([get("/keyboards"), get("/lexicons")]);
    this.spoken = [...new Set(lexicons.map(({ language }) => language))];
    const wanted = this.settings.get("layout");
    const name = keyboards.some((one) => one.name === wanted) ? wanted : firstLayout(keyboards);
    const [layout, language] = [this.layout?.name, this.language];
    if (layout !== name) this.layout = await get(`/keyboards/${encodeURIComponent(name)}`);
    clear(this.layouts).append(...layoutOptions(keyboards).filter(Boolean));
    this.layouts.value = name;
    this.offer();
    return layout !== name || language !== this.language;
  }

  /** Of two choices the later one counts, whichever comes first; one that cannot be had is none. */
  async change(name) {
    try {
      const layout = await persistently(() => get(`/keyboards/${encodeURIComponent(name)}`), this.onProblem);
      if (this.layouts.value !== name) return;
      this.layout = layout;
    } catch (problem) {
      if (this.layouts.value === name) this.layouts.value = this.layout.name;
      return this.onProblem(problem);
    }
    this.settings.set("layout", name);
    this.settings.set("language", null);
    this.offer();
    this.onChange();
  }

  speak(language) {
    this.settings.set("language", language);
    this.language = language;
    this.onChange();
  }

  offer() {
    const languages = languagesOf(this.layout, this.spoken);
    const wanted = this.settings.get("language");
    this.language = languages.flat().includes(wanted) ? wanted : firstLanguage(languages);
    clear(this.languages).append(...languageOptions(languages).filter(Boolean));
    this.languages.value = this.language;
  }
}
