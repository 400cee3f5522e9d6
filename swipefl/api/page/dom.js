// Elements without innerHTML: what a person wrote is only ever text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Builds an element. `attrs` are attributes; functions named `onclick` and the like are listeners, `true` is an
 * attribute without a value, and what is `false`, `null` or `undefined` is left out. A `style` is refused by the page's
 * policy: use a class, or `element.style.setProperty`.
 * @param {string} tag
 * @param {Object<string, any>} [attrs]
 * @param {...(Node|string|null|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, attrs, ...children) {
  return filled(document.createElement(tag), attrs, children);
}

/**
 * The same for what is drawn: `svg("circle", {r: 3})`.
 * @returns {SVGElement}
 */
export function svg(tag, attrs, ...children) {
  return filled(document.createElementNS(SVG, tag), attrs, children);
}

/** A section of a tab, under a heading of its own. */
export function part(title, ...children) {
  return h("section", { class: "part", "aria-label": title }, h("h2", {}, title), children);
}

/** Takes all children out of an element, and returns it. */
export function clear(element) {
  element.replaceChildren();
  return element;
}

/** Says a text to a screen reader as soon as it is quiet; nothing is seen of it. */
export function announce(text) {
  const region = document.getElementById("announcements");
  // the same text again would not be a change, and would not be said
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

function filled(element, attrs, children) {
  for (const [name, value] of Object.entries(attrs ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}
