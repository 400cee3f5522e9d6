// Letters of Korean that are typed one by one, put together into syllables as people see them.

const LEADS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
const VOWELS = [..."ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"];
const TAILS = ["", ..."ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"];
const PAIRS = {
  ㅗㅏ: "ㅘ",
  ㅗㅐ: "ㅙ",
  ㅗㅣ: "ㅚ",
  ㅜㅓ: "ㅝ",
  ㅜㅔ: "ㅞ",
  ㅜㅣ: "ㅟ",
  ㅡㅣ: "ㅢ",
  ㄱㅅ: "ㄳ",
  ㄴㅈ: "ㄵ",
  ㄴㅎ: "ㄶ",
  ㄹㄱ: "ㄺ",
  ㄹㅁ: "ㄻ",
  ㄹㅂ: "ㄼ",
  ㄹㅅ: "ㄽ",
  ㄹㅌ: "ㄾ",
  ㄹㅍ: "ㄿ",
  ㄹㅎ: "ㅀ",
  ㅂㅅ: "ㅄ",
};

/** ㅎㅏㄴㄱㅡㄹ as 한글; a text of other letters as it is. */
export function composed(text) {
  if (!/[ㄱ-ㅣ]/.test(text)) return text;
  const letters = [...text];
  let written = "";
  for (let i = 0; i < letters.length;) {
    const [syllable, length] = syllableAt(letters, i);
    written += syllable;
    i += length;
  }
  return written;
}

function syllableAt(letters, start) {
  const lead = LEADS.indexOf(letters[start]);
  if (lead < 0 || !isVowel(letters[start + 1])) return [letters[start], 1];
  const [vowel, vowels] = pairAt(letters, start + 1, VOWELS);
  const [tail, tails] = tailAt(letters, start + 1 + vowels);
  return [
    String.fromCodePoint(0xac00 + (lead * 21 + VOWELS.indexOf(vowel)) * 28 + TAILS.indexOf(tail)),
    1 + vowels + tails,
  ];
}

/** The consonants that close a syllable: what a vowel follows begins the next one. */
function tailAt(letters, at) {
  const begins = (i) => isVowel(letters[i + 1]);
  if (!TAILS.includes(letters[at]) || begins(at)) return ["", 0];
  const [pair, length] = pairAt(letters, at, TAILS);
  return length === 2 && begins(at + 1) ? [letters[at], 1] : [pair, length];
}

function pairAt(letters, at, among) {
  const pair = PAIRS[letters[at] + (letters[at + 1] ?? "")];
  return pair && among.includes(pair) ? [pair, 2] : [letters[at], 1];
}

function isVowel(letter) {
  return VOWELS.includes(letter);
}
