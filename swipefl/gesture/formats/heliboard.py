"""HeliBoard's gesture data: `targetWord`, `gesture[{id, x, y, millis}]`, `keyboardInfo{width, height, keys}`; pixels.

Its keys have `left, top, width, height` and the text that they type, `value`; in earlier exports `centerX, centerY` and
a `codePoint`. The export is a zip of one list.
"""

from typing import Any

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.reading import Reading, axes_of, carried, labelled, seconds_of
from swipefl.gesture.gesture import Gesture, checked_points, named
from swipefl.gesture.language import Languages, tags_in


def fits(data: dict[str, Any]) -> bool:
    """Whether an object is one gesture of such an export."""
    return isinstance(data.get("gesture"), list) and isinstance(data.get("keyboardInfo"), dict)


def read(line: int, data: dict[str, Any]) -> Reading:
    """The gesture of one parsed object; its keyboard comes with it. Raises RejectedLine."""
    xs, ys, millis = axes_of(data.get("gesture"), "gesture", "millis")
    fingers = {finger for point in data["gesture"] if isinstance(finger := point.get("id"), int | str)}
    if len(fingers) > 1:
        raise RejectedLine("several-strokes", "a gesture is one stroke of one finger")
    points = checked_points(xs, ys, seconds_of(millis))
    keyboard, written = carried(data.get("keyboardInfo"))
    languages = _languages(data) or written
    gesture = Gesture(_id(data), points, keyboard, keyboard.width, keyboard.height, languages=languages)
    word, fault = labelled(_word(data), keyboard, languages)
    return Reading(line, named(gesture), word, fault=fault)


def _word(data: dict[str, Any]) -> Any:
    """The word; where the app noted none it was the suggestion that was taken, and all others are blank."""
    suggestions = data.get("suggestions")
    given = suggestions if isinstance(suggestions, list) else []
    words = [one.get("word") for one in given if isinstance(one, dict) and one.get("word")]
    return data.get("targetWord") or (words[0] if len(words) == 1 else None)


def _id(data: dict[str, Any]) -> str:
    uuid = data.get("uuid")
    return uuid[:200] if isinstance(uuid, str) else ""


def _languages(data: dict[str, Any]) -> Languages:
    """That of the main dictionaries; none where they do not say."""
    dictionaries = data.get("dictionaries")
    given = dictionaries if isinstance(dictionaries, list) else []
    mains = [one.get("language") for one in given if isinstance(one, dict) and one.get("type") == "main"]
    return tags_in(mains)
