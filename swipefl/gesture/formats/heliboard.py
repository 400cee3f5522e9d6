"""HeliBoard's gesture data: `targetWord`, `gesture[{id, x, y, millis}]`, `keyboardInfo{width, height, keys}`; pixels.

Its keys have `left, top, width, height` and the text that they type, `value`; in earlier exports `centerX, centerY` and
a `codePoint`. The export is a zip of one list.
"""

from typing import Any

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.layouts import of_centres
from swipefl.gesture.formats.reading import Reading, axes_of, carried, labelled, seconds_of
from swipefl.gesture.gesture import Gesture, checked_points, checked_size, named
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.language import Languages, languages_of


def fits(data: dict[str, Any]) -> bool:
    """Whether an object is one gesture of such an export."""
    return isinstance(data.get("gesture"), list) and isinstance(data.get("keyboardInfo"), dict)


def read(line: int, data: dict[str, Any]) -> Reading:
    """The gesture of one parsed object; its keyboard comes with it. Raises RejectedLine."""
    xs, ys, millis = axes_of(data.get("gesture"), "gesture", "millis")
    if any(point.get("id") != data["gesture"][0].get("id") for point in data["gesture"]):
        raise RejectedLine("several-strokes", "a gesture is one stroke of one finger")
    points = checked_points(xs, ys, seconds_of(millis))
    keyboard = _keyboard(data.get("keyboardInfo"))
    languages = _languages(data)
    gesture = Gesture(_id(data), points, keyboard, keyboard.width, keyboard.height, languages=languages)
    word, fault = labelled(data.get("targetWord") or None, keyboard, languages)
    return Reading(line, named(gesture), word, fault=fault)


def _id(data: dict[str, Any]) -> str:
    uuid = data.get("uuid")
    return uuid[:200] if isinstance(uuid, str) else ""


def _languages(data: dict[str, Any]) -> Languages:
    """That of the main dictionaries; none where they do not say."""
    dictionaries = data.get("dictionaries")
    given = dictionaries if isinstance(dictionaries, list) else []
    mains = [one.get("language") for one in given if isinstance(one, dict) and one.get("type") == "main"]
    try:
        return languages_of([tag for tag in mains if isinstance(tag, str)])
    except ValueError:
        return ()


def _keyboard(info: Any) -> Keyboard:
    keys = info.get("keys") if isinstance(info, dict) else None
    if not isinstance(keys, list):
        raise RejectedLine("unknown-keyboard", "`keyboardInfo` needs width, height and keys")
    width, height = checked_size(info.get("width"), info.get("height"))
    try:
        if any("centerX" in key for key in keys):
            return of_centres([_centre(key) for key in keys], width, height)
        return carried({"width": width, "height": height, "keys": [_key(key) for key in keys]})
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RejectedLine("unknown-keyboard", "`keyboardInfo` has keys without a place") from None


def _centre(key: dict[str, Any]) -> tuple[str, float, float]:
    code = key.get("codePoint")
    letter = chr(code) if isinstance(code, int) and 0 < code < 0x110000 else ""
    return letter, float(key["centerX"]), float(key["centerY"])


def _key(key: dict[str, Any]) -> dict[str, Any]:
    width, height = float(key["width"]), float(key["height"])
    x, y = float(key["left"]) + width / 2, float(key["top"]) + height / 2
    return {"letter": key.get("value"), "x": x, "y": y, "width": width, "height": height}
