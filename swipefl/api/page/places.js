// How far somebody came in the sentences of a language: kept in this browser, numbers and nothing else.

const KEY = "swipefl-practise";

/**
 * `now()` is `{places, learning}`: a place in the sentences of each language, and the id of the learning that was begun
 * here and whose outcome was not told yet. `note(changed)` keeps what is otherwise; what another tab noted meanwhile stays.
 */
export function makePlaces() {
  const own = { places: {}, learning: null }; // as far as a browser that keeps nothing goes
  const now = () => Object.assign(own, remembered());
  return { now, note: (changed) => remember(Object.assign(now(), changed)) };
}

/** What is kept, as far as it is what was written: a damaged one is as none. */
function remembered() {
  try {
    const { places, learning } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    const sound = Object.entries(places ?? {}).filter(([, place]) => isPlace(place));
    return { places: Object.fromEntries(sound), learning: typeof learning === "string" ? learning : null };
  } catch {
    return {}; // a browser that keeps nothing, or what another version kept
  }
}

function isPlace(place) {
  return Array.isArray(place) && place.length === 2 && place.every((number) => Number.isInteger(number) && number >= 0);
}

function remember(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // it is remembered until the page is closed
  }
}
