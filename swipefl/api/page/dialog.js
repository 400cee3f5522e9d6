// Questions that are answered before anything goes on.

import { h } from "./dom.js";

/**
 * Asks in a dialog; the focus goes back to where it was. `fields` are what it shows, `action` is what its button says;
 * `read()` gives what the answer is, null while there is none yet.
 * @returns {Promise<any>} what `read` gives, null where it was given up
 */
export function asked(title, fields, action, { read = () => true, isGrave = false } = {}) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const heading = h("h2", { id: `dialog-${Math.floor(performance.now())}` }, title);
    const dialog = h("dialog", { class: "asking", "aria-labelledby": heading.id });
    let answer = null;
    const leaving = new AbortController(); // who goes to another tab of the page gives it up
    addEventListener("hashchange", () => dialog.close(), { signal: leaving.signal });
    const form = h(
      "form",
      {
        method: "dialog",
        onsubmit: (event) => {
          answer = read();
          if (answer === null) event.preventDefault();
        },
      },
      heading,
      fields,
      h(
        "div",
        { class: "asking-foot" },
        h("button", { class: "button quiet", type: "button", onclick: () => dialog.close() }, "Leave it"),
        h("button", { class: isGrave ? "button grave" : "button main", type: "submit" }, action),
      ),
    );
    dialog.append(form);
    dialog.addEventListener("close", () => {
      leaving.abort();
      dialog.remove();
      before?.focus?.();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
