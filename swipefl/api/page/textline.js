// What is written, as it is seen: swiped words are buttons, of which one is chosen.

import { clear, h } from "./dom.js";

/** `onSelect(token)` hears of a swiped word that was pressed, so that its candidates come back. */
export class TextLine {
  constructor(onSelect) {
    this.onSelect = onSelect;
    this.element = h("div", {
      class: "text line",
      "data-role": "text",
      role: "group",
      "aria-label": "What you write",
      tabindex: "0",
      dir: "auto",
    });
  }

  /** Draws the text of a Written; `hint` stands where there is none. */
  show({ tokens, text }, chosen, hint) {
    const { element } = this;
    const focused = [...element.children].indexOf(document.activeElement?.closest(".text > span"));
    element.dataset.text = text;
    clear(element).append(...tokens.map((token) => this.drawn(token, token === chosen)), h("span", { class: "caret" }));
    if (tokens.length) delete element.dataset.hint;
    else element.dataset.hint = hint;
    element.scrollTop = element.scrollHeight;
    if (focused >= 0) (element.children[focused]?.querySelector("button") ?? element).focus();
  }

  drawn(token, isChosen) {
    if (token.text === null)
      return h("span", {
        class: token.gap ? "waits apart" : "waits",
        role: "img",
        "aria-label": "A swipe that is being read",
      });
    if (!token.swipe) return h("span", {}, token.gap + token.text);
    return h(
      "span",
      {},
      token.gap,
      h(
        "button",
        { type: "button", class: isChosen ? "word chosen" : "word", onclick: () => this.onSelect(token) },
        token.text,
      ),
    );
  }
}
