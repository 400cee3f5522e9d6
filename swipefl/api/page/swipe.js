// A swipe as it is told to the device: where it was made, and what it is called.

/** What a line says of a swipe beside its path and its word. */
export function about({ keyboard, language }) {
  const languages = language.split(",").filter(Boolean);
  if (!languages.length) return { keyboard };
  return languages.length > 1 ? { keyboard, languages } : { keyboard, language: languages[0] };
}

/** A name for a swipe; randomUUID would need TLS, which a page on a home network may not have. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
