// The tab to try it on.
import { get } from "./api.js";
import { h } from "./dom.js";
import { SwipeKeyboard } from "./keyboard.js";

/** Fills the tab. */
export async function start(section, { settings }) {
  const element = h("div", { "data-role": "keyboard" });
  const keyboard = new SwipeKeyboard(element, {});
  section.append(h("div", { class: "board" }, h("div", { class: "keyboard-frame" }, element)));
  keyboard.layout(await get(`/keyboards/${encodeURIComponent(settings.get("layout") ?? "qwerty")}`));
}
