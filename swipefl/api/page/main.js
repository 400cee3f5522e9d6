// The page: which tab is shown, and each tab's module, loaded when it is first shown.

import { Problem, problemText, takeToken } from "./api.js";
import { clear, h } from "./dom.js";
import { makeSettings } from "./settings.js";

const TABS = ["try", "practise", "model", "shared"];

function startPage() {
  const shown = new Map(); // tab: what is to be called whenever it is shown
  const started = new Map(); // tab: its module, as it loads
  const context = { settings: makeSettings(), onShow: (tab, fn) => shown.set(tab, [...(shown.get(tab) ?? []), fn]) };

  async function show() {
    takeToken();
    const tab = tabOf(location.hash);
    for (const name of TABS) document.getElementById(name).hidden = name !== tab;
    for (const link of document.querySelectorAll(".tabs a")) mark(link, link.hash === `#${tab}`);
    document.body.dataset.tab = tab;
    document.title = tab === "try" ? "swipefl" : `${document.getElementById(tab).getAttribute("aria-label")} · swipefl`;
    if (!started.has(tab)) started.set(tab, begin(tab, context));
    const problem = await started.get(tab);
    if (tab !== tabOf(location.hash) && !problem) return; // another one was wanted meanwhile
    if (!problem) for (const fn of shown.get(tab) ?? []) fn();
    else if (started.delete(tab)) sayProblem(tab, problem, show);
  }

  addEventListener("hashchange", show);
  show();
}

/** Starts a tab, and returns what kept it from that. */
async function begin(tab, context) {
  const section = clear(document.getElementById(tab));
  try {
    const module = await import(`./${tab}.js`);
    await module.start(section, context);
    return null;
  } catch (problem) {
    if (!(problem instanceof Problem)) console.error(problem);
    return problem;
  }
}

function sayProblem(tab, problem, again) {
  const text = problem instanceof Problem ? problemText(problem) : "This part of the page could not be loaded.";
  const button = h("button", { class: "button", type: "button", onclick: again }, "Try again");
  clear(document.getElementById(tab)).append(h("div", { class: "plain" }, h("p", {}, text), button));
}

function tabOf(hash) {
  return TABS.includes(hash.slice(1)) ? hash.slice(1) : TABS[0];
}

function mark(link, isCurrent) {
  if (isCurrent) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

startPage();
