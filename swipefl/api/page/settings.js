// What a person chose on this page: kept in this browser, the same for all its tabs, and nowhere else.

const KEY = "swipefl-page";
const FIRST = { layout: null, language: null, private: false, saw: false, greeted: false, forgotten: null };

/**
 * @returns {{get: function(string): any, set: function(string, any), onChange: function(string, function(any))}}
 * layout: a name; language: "de", or "de,fr" for several; private: nothing is kept; saw: what it saw is shown;
 * greeted: how to swipe was shown; forgotten: when swipes were erased last.
 * `onChange(name, listener)` also hears of what another tab of this browser sets.
 */
export function makeSettings() {
  const own = { ...FIRST }; // as far as a browser that keeps nothing goes
  const listeners = [];
  const told = { ...all() };

  function all() {
    return Object.assign(own, remembered());
  }

  /** Tells of all that is otherwise than it was told. */
  function tell() {
    const now = all();
    const changed = Object.keys(now).filter((name) => now[name] !== told[name]);
    Object.assign(told, now);
    for (const [name, listener] of listeners) if (changed.includes(name)) listener(now[name]);
  }

  addEventListener("storage", ({ key }) => key === KEY && tell());
  for (const event of ["pageshow", "visibilitychange"]) addEventListener(event, tell); // a tab that slept heard nothing
  return {
    // read anew each time: a tab that slept hears late, and has to know what may be kept
    get: (name) => all()[name],
    set(name, value) {
      const now = all(); // so that what another tab chose stays
      if (now[name] === value) return;
      now[name] = value;
      remember(now);
      tell();
    },
    onChange: (name, listener) => listeners.push([name, listener]),
  };
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // a browser that keeps nothing, or what another version kept
  }
}

function remember(values) {
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // it is remembered until the page is closed
  }
}
