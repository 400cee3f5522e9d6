// How far somebody came in the sentences of a language: kept in this browser, numbers and nothing else.

const KEY = "swipefl-practise";

/** @returns {{swiped: number, places: Object<string, [number, number]>}} words swiped towards the next learning */
export function remembered() {
  try {
    return { swiped: 0, places: {}, ...JSON.parse(localStorage.getItem(KEY)) };
  } catch {
    return { swiped: 0, places: {} }; // a browser that keeps nothing, or what another version kept
  }
}

/** Keeps it for the next time. */
export function remember(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // it is remembered until the page is closed
  }
}
