// What a person chose on this page: kept in this browser, and nowhere else.

const KEY = "swipefl-page";
const FIRST = { layout: null, language: null, private: false, saw: false, greeted: false };

/**
 * @returns {{get: function(string): any, set: function(string, any), onChange: function(function(string, any))}}
 * layout: a name; language: "de", or "de,fr" for several; private: nothing is kept; saw: what it saw is shown;
 * greeted: how to swipe was shown.
 */
export function makeSettings() {
  const values = { ...FIRST, ...remembered() };
  const listeners = [];
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      remember(values);
      for (const listener of listeners) listener(name, value);
    },
    onChange: (listener) => listeners.push(listener),
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
