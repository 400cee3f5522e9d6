"""The blanks, marks and capitals between what is swiped and what is typed, and how letters of Korean come together."""

from typing import Any

import pytest

from tests.page.conftest import Visit

pytestmark = pytest.mark.anyio

WRITE = """async ([language, steps]) => {
  const { Written } = await import('/written.js');
  const written = new Written(language);
  for (const step of steps) {
    if (step === '<') written.takeBack();
    else if (step.startsWith('~')) written.add(step.slice(1), {});
    else if (step.startsWith('=')) written.paste(step.slice(1));
    else written.type(step.at(-1), step.length > 1);
  }
  return [written.text, written.before];
}"""

# a word behind ~ is swiped, a letter behind _ is tapped on the drawn keyboard, behind = is pasted, < takes back
CASES = [
    ("en", [], "", ""),
    ("en", ["~Hello", "~world"], "Hello world", "Hello world "),
    ("en", ["~Hello", ",", "~world", "."], "Hello, world.", "Hello, world. "),
    ("en", ["~Hello", " ", "~world"], "Hello world", "Hello world "),
    ("en", ["~Hello", " ", " "], "Hello ", "Hello "),
    ("en", ["~Hello", " ", "?"], "Hello?", "Hello? "),
    ("en", [" "], "", ""),
    ("en", ["~well", "_a", "_b"], "well ab", "well ab "),
    ("en", ["_h", "_i"], "Hi", "Hi "),
    ("en", ["h", "i"], "hi", "hi "),
    ("en", ["~Yes", ".", "_n", "_o"], "Yes. No", "Yes. No "),
    ("en", ["3", ".", "5"], "3.5", "3.5 "),
    ("en", ["(", "~so", ")"], "(so)", "(so) "),
    ("en", ["~Hello", "~world", "<"], "Hello", "Hello "),
    ("en", ["~Hello", "_a", "_b", "<"], "Hello a", "Hello a "),
    ("en", ["~Hello", "_a", "<", "<"], "", ""),
    ("en", ["<", "<"], "", ""),
    ("en", ["e", "\u0301", "<"], "", ""),
    ("en", ["=a  line\nand another"], "a line and another", "a line and another "),
    ("en", ["=a line", "<"], "a lin", "a lin "),
    ("tr", ["_i", "_n"], "İn", "İn "),
    ("el", ["~Τι", ";", "_ν"], "Τι; ν", "Τι; ν "),
    ("ar", ["~مرحبا", "؟", "~نعم"], "مرحبا؟ نعم", "مرحبا؟ نعم "),
    ("hi", ["न", "म", "क", "ि"], "नमकि", "नमकि "),
    ("hi", ["क", "ि", "<"], "", ""),
    ("th", ["~สวัสดี", "~ครับ"], "สวัสดีครับ", "สวัสดีครับ"),
    ("ko", [*"ㅎㅏㄴㄱㅡㄹ"], "한글", "한글 "),
    ("ko", [*"ㅎㅏㄴㄱㅡㄹ", "<"], "한그", "한그 "),
    ("ko", [*"ㅇㅣㄹㄱㅇㅓ"], "읽어", "읽어 "),
    ("ko", [*"ㅇㅣㄹㄱㅓ"], "일거", "일거 "),
    ("ko", [*"ㄷㅗㅏ", " ", *"ㅇㅢ"], "돠 의", "돠 의 "),
    ("ko", [*"ㅋㅋ"], "ㅋㅋ", "ㅋㅋ "),
    ("ko", ["~안녕", *"ㅎㅏ"], "안녕 하", "안녕 하 "),
]


async def test_what_is_written(visit: Visit) -> None:
    """As people expect it of a keyboard, in each script."""
    page = (await visit()).page
    wrong: list[Any] = []
    for language, steps, text, before in CASES:
        found = await page.evaluate(WRITE, [language, steps])
        if found != [text, before]:
            wrong.append((steps, found))
    assert wrong == []
