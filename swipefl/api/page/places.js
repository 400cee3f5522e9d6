// How far somebody came in the sentences of a language: kept in this browser, numbers and nothing else.

const KEY = "swipefl-practise";

/**
 * `now()` is `{swiped, places, learned}`: words swiped towards the next learning, a place in the sentences of each
 * language, and the id of the last learning, after which they were counted anew. `note(changed)` keeps what is
 * otherwise; what another tab noted meanwhile stays.
 */
export function makePlaces() {
  const own = { swiped: 0, places: {}, learned: null }; // as far as a browser that keeps nothing goes
  const now = () => Object.assign(own, remembered());
  return { now, note: (changed) => remember(Object.assign(now(), changed)) };
}

function remembered() {
  try {
    const { swiped, places, learned = null } = JSON.parse(localStorage.getItem(KEY));
    return Number.isFinite(swiped) && places instanceof Object ? { swiped, places, learned } : {};
  } catch {
    return {}; // a browser that keeps nothing, or what another version kept
  }
}

function remember(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // it is remembered until the page is closed
  }
}
