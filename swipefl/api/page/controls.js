// The small buttons beside a text: take the last word back, begin anew, a blank.

import { h, svg } from "./dom.js";

/** @returns {HTMLElement} a button that is a picture, with the name that it is called by */
export function pictured(role, name, onclick) {
  const icon = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[role] }));
  return h(
    "button",
    { class: "button quiet", type: "button", "data-role": role, "aria-label": name, title: name, onclick },
    icon,
  );
}

const PATHS = {
  back: "M8 5 3.5 9.5 8 14M4 9.5h9.5a5 5 0 0 1 0 10H9",
  clear: "M6 6l12 12M18 6 6 18",
  space: "M4 10v5h16v-5",
};
