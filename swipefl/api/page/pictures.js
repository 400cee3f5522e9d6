// Pictures that the server draws, with the words that are in them for who does not see them.

import { text } from "./api.js";
import { h } from "./dom.js";

/**
 * The pictures of some paths, as figures, in this order. Those that are not there are left out.
 * @returns {Promise<HTMLElement[]>}
 */
export async function figures(paths) {
  const drawn = await Promise.allSettled(paths.map(figure));
  return drawn.filter(({ value }) => value).map(({ value }) => value);
}

async function figure(path) {
  const source = await text(`/pictures/${path}`);
  // without its styles, which are of the picture alone: the page's policy refuses them even where nobody sees it
  const plain = source.replaceAll(/<style[^]*?<\/style>/g, "");
  const root = new DOMParser().parseFromString(plain, "image/svg+xml").documentElement;
  const said = ["title", "desc"]
    .map((name) => root.querySelector(`:scope > ${name}`)?.textContent.trim())
    .filter(Boolean);
  const image = h("img", {
    alt: said.join(". ").replaceAll("..", "."),
    width: root.getAttribute("width"),
    height: root.getAttribute("height"),
  });
  // an image of its own: an inline one would bring styles that the page's policy refuses
  const address = URL.createObjectURL(new Blob([source], { type: "image/svg+xml" }));
  const loaded = new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject }));
  image.src = address;
  await loaded.finally(() => URL.revokeObjectURL(address));
  return h("figure", { "data-role": "picture", "data-picture": path.split(".")[0] }, image);
}
