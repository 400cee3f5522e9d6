// Which layouts and languages there are, what they are called, and which to begin with.

import { h } from "./dom.js";

const RIGHT_TO_LEFT = new Set(["Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm"]);
const CAPITALS = new Set(["qwerty", "qwertz", "azerty", "jcuken", "bépo"]);
const named = { bepo: "bépo", jcuken: "jcuken", inscript: "InScript" };
const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** "German" for "de", "German and French" for "de,fr". */
export function languageName(tags) {
  return tags.split(",").map(oneName).join(" and ");
}

/** Whether a language is written from right to left. */
export function isRightToLeft(language) {
  try {
    return RIGHT_TO_LEFT.has(new Intl.Locale(language).maximize().script);
  } catch {
    return false; // no tag that this browser knows
  }
}

/** The layout to begin with: one of the languages that the browser is set to, its region's before others. */
export function firstLayout(keyboards, wanted = navigator.languages ?? ["en"]) {
  for (const tag of wanted) {
    const [base, region] = tag.toLowerCase().split("-");
    const speaking = keyboards.filter(({ languages }) => languages.some((language) => baseOf(language) === base));
    const found = speaking.find(({ name }) => region && name.endsWith(`-${region}`)) ?? speaking[0];
    if (found) return found.name;
  }
  return keyboards[0].name;
}

/**
 * What may be written on a layout, as `[own, others]`: its own languages, all of them together where there are several,
 * and those others whose words are here in the script of its keys.
 */
export function languagesOf(layout, spoken) {
  const own = layout.languages.length > 1 ? [...layout.languages, layout.languages.join(",")] : [...layout.languages];
  const letters = layout.keys.map(({ letter }) => letter).join("");
  const others = spoken.filter((tag) => !layout.languages.includes(tag) && isWrittenWith(tag, letters));
  return [own, others.sort(byName)];
}

/** The language to begin with on a layout: its first, else one that the browser is set to, else any. */
export function firstLanguage([own, others], wanted = navigator.languages ?? []) {
  const spoken = wanted.map(baseOf).find((base) => others.includes(base));
  return own[0] ?? spoken ?? (others.includes("en") ? "en" : others[0]) ?? "";
}

/** Options of a select of layouts: those of the person's own and of the browser's languages first. */
export function layoutOptions(keyboards, wanted = navigator.languages ?? []) {
  const bases = new Set(wanted.map(baseOf));
  const isNear = ({ languages }) => languages.some((language) => bases.has(baseOf(language)));
  const groups = [
    ["Your own", keyboards.filter(({ own }) => own)],
    ["Your languages", keyboards.filter((one) => !one.own && isNear(one))],
    ["All layouts", keyboards.filter((one) => !one.own && !isNear(one))],
  ];
  const labels = labelled(keyboards);
  return groups.map(([label, some]) =>
    group(
      label,
      some.map(({ name }) => [name, labels.get(name)]).sort((a, b) => a[1].localeCompare(b[1])),
    ),
  );
}

/** Options of a select of languages: those of the layout first. */
export function languageOptions([own, others]) {
  const pairs = (tags) => tags.map((tag) => [tag, languageName(tag)]);
  return [group("Of this layout", pairs(own)), group("Others", pairs(others))].filter(Boolean);
}

function group(label, pairs) {
  return pairs.length
    ? h(
        "optgroup",
        { label },
        pairs.map(([value, text]) => h("option", { value }, text)),
      )
    : null;
}

/** Names that people read; of two that would be alike, each says how many keys it has. */
function labelled(keyboards) {
  const plain = keyboards.map((one) => [one.name, one.own ? one.name : layoutName(one)]);
  const count = Map.groupBy ? Map.groupBy(plain, ([, label]) => label) : null;
  return new Map(
    plain.map(([name, label], i) => [
      name,
      count?.get(label).length > 1 ? `${label}, ${keyboards[i].keys} keys` : label,
    ]),
  );
}

function layoutName({ name, languages }) {
  const [first, ...rest] = name.split("-");
  const bases = new Set(languages.flatMap((tag) => tag.split("-")));
  const kind = rest.filter((part) => part.length > 3 && !bases.has(part)).join(" ");
  const begin = named[first] ?? first;
  const shown = CAPITALS.has(begin) ? begin.toLocaleUpperCase("en") : begin[0].toUpperCase() + begin.slice(1);
  const spoken = languages.length ? languageName(languages.join(",")) : "any language";
  return [shown, kind].filter(Boolean).join(" ") + (shown === spoken ? "" : ` · ${spoken}`);
}

function isWrittenWith(tag, letters) {
  try {
    const { script } = new Intl.Locale(tag).maximize();
    return new RegExp(`\\p{Script=${script === "Kore" ? "Hang" : script}}`, "u").test(letters);
  } catch {
    return true; // a tag or a script that this browser does not know
  }
}

function oneName(tag) {
  try {
    return names.of(tag);
  } catch {
    return tag;
  }
}

function byName(one, other) {
  return languageName(one).localeCompare(languageName(other));
}

function baseOf(tag) {
  return tag.toLowerCase().split("-")[0];
}
