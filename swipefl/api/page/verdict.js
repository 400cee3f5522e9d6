// How a swipe of a word that was asked for went, in words.

/** Whether the first candidate has the letters of the word: its and it's are one swipe. */
export function isRead(word, candidates, language) {
  const lower = (text) => text.toLocaleLowerCase(language || undefined);
  return candidates.some(
    (candidate) => candidate.spelled === candidates[0].spelled && lower(candidate.word) === lower(word),
  );
}

/**
 * What to say of a swipe of `word` that was read as `read`, undefined for nothing.
 * @returns {[string, string]} the sentence, and "right" or "wrong"
 */
export function verdict(word, read, { isRight, isKept, isSuspect }) {
  const readAs = read === undefined ? "Nothing was read." : `Read as “${read}”.`;
  if (isSuspect) return [`${readAs} It begins or ends far from “${word}”: nothing is learned from it.`, "wrong"];
  if (isRight) return [`“${word}” · read right`, "right"];
  return [isKept ? `${readAs} Kept as “${word}”: that is what it learns from.` : `${readAs} It is not kept.`, "wrong"];
}
