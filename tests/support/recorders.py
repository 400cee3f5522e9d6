"""What recorders write of one swipe: `we` or another word along its keys, in the form of each of them."""

import json
from itertools import pairwise
from typing import Any

from swipefl.gesture.formats.layouts import rows_of_qwerty
from swipefl.gesture.keyboard import Keyboard, built_in

Trace = list[tuple[float, float, float]]
WIDTH, HEIGHT, SCREEN = 1080, 648, 2400


def trace(word: str, keyboard: Keyboard, steps: int = 8) -> Trace:
    """Straight from key to key: x and y as fractions of the keyboard, t in seconds."""
    centre = {key.letter: (key.x / keyboard.width, key.y / keyboard.height) for key in keyboard.keys}
    stops = [centre[letter] for letter in word]
    places = [
        tuple(a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
        for start, end in pairwise(stops)
        for step in range(steps)
    ]
    return [(x, y, 0.02 * n) for n, (x, y) in enumerate([*places, stops[-1]])]


def own(word: str = "we", **changes: Any) -> dict[str, Any]:
    points = [{"x": x * WIDTH, "y": y * HEIGHT, "t": t} for x, y, t in trace(word, built_in("qwerty"))]
    return {"gesture_id": "o", "word": word, "width": WIDTH, "height": HEIGHT, "coords": points, **changes}


def neuroswipe(word: str = "we", **changes: Any) -> dict[str, Any]:
    points = trace(word, built_in("qwerty"))
    axes = {"x": [x * WIDTH for x, _, _ in points], "y": [y * HEIGHT for _, y, _ in points]}
    return {"word": word, "curve": {**axes, "t": [round(t * 1000) for _, _, t in points], "grid": grid()}, **changes}


def grid() -> dict[str, Any]:
    keys = [
        {
            "label": key.letter,
            "hitbox": {
                "x": (key.x - key.width / 2) * WIDTH / 370,
                "y": (key.y - key.height / 2) * HEIGHT / 222,
                "w": key.width * WIDTH / 370,
                "h": key.height * HEIGHT / 222,
            },
        }
        for key in built_in("qwerty").keys
    ]
    return {"width": WIDTH, "height": HEIGHT, "keys": keys}


def epoch_points(word: str) -> list[dict[str, Any]]:
    return [{"x": x, "y": y, "t": 1_700_000_000_000 + round(t * 1000)} for x, y, t in trace(word, rows_of_qwerty(3))]


def futo_row(word: str = "we", **changes: Any) -> dict[str, Any]:
    canvas = {"canvas_width": 474, "canvas_height": 170}
    return {
        "session": "s",
        "word_idx": 0,
        "word": word,
        "sentence": "x",
        **canvas,
        "data": epoch_points(word),
        **changes,
    }


def futo_document(word: str = "we") -> dict[str, Any]:
    return {word: epoch_points(word)}


def heliboard(word: str = "we", **changes: Any) -> dict[str, Any]:
    """As it writes today: keys by their edges, and a text."""
    points = trace(word, rows_of_qwerty(4))
    gesture = [
        {"id": 0, "x": round(x * WIDTH), "y": round(y * HEIGHT), "millis": round(t * 1000)} for x, y, t in points
    ]
    keys = [
        {
            "left": round((key.x - 0.5) * WIDTH / 10),
            "width": WIDTH // 10,
            "top": round((key.y - key.height / 2) / rows_of_qwerty(4).height * HEIGHT),
            "height": HEIGHT // 4,
            "value": key.letter,
            "alts": ["1", "é"],
        }
        for key in rows_of_qwerty(4).keys
    ]
    keys += [{"left": 0, "width": 162, "top": 486, "height": 162, "value": "", "alts": []}]
    return {
        "application": "HeliBoard 3.7",
        "knownLibrary": None,
        "targetWord": word,
        "dictionaries": [{"hash": "x", "type": "main", "language": "en-US"}],
        "suggestions": [{"word": text, "score": 3, "dictIndex": 0} for text in ("private", "public")],
        "gesture": gesture,
        "keyboardInfo": {"width": WIDTH, "height": HEIGHT, "keys": keys},
        "activeMode": True,
        "uuid": f"uuid-{word}",
        **changes,
    }


def heliboard_of_old(word: str = "we", **changes: Any) -> dict[str, Any]:
    """As it wrote once: keys by their centres, and code points."""
    written = heliboard(word, **changes)
    keys = [
        {
            "centerX": key["left"] + key["width"] // 2,
            "centerY": key["top"] + key["height"] // 2,
            "codePoint": ord(key["value"]) if key["value"] else -7,
        }
        for key in written["keyboardInfo"]["keys"]
    ]
    return written | {"keyboardInfo": written["keyboardInfo"] | {"keys": keys}}


def cleverkeys(word: str = "we", of_screen: bool = True, layout: str | None = "latn_qwerty_us") -> dict[str, Any]:
    """With y as a fraction of the screen's height, as the app writes it, or of three rows of keys."""
    points = trace(word, rows_of_qwerty(4 if of_screen else 3))
    scale = HEIGHT / SCREEN if of_screen else 1
    metadata = {
        "screen_width_px": WIDTH,
        "screen_height_px": SCREEN,
        "keyboard_height_px": HEIGHT,
        "layout_name": layout,
    }
    return {
        "trace_id": f"t-{word}",
        "target_word": word,
        "metadata": metadata | {"layout_name": layout},
        "trace_points": [{"x": x, "y": y * scale, "t_delta_ms": 20 * (n > 0)} for n, (x, y, _) in enumerate(points)],
        "registered_keys": list(word),
    }


def table(word: str = "we", separator: str = ",", **more: str) -> bytes:
    points = own(word)["coords"]
    said = {"width": str(WIDTH), "height": str(HEIGHT)} | more
    header = separator.join(["t", "gesture_id", "x", "y", "word", *said])
    rows = [separator.join([str(p["t"]), f"c-{word}", str(p["x"]), str(p["y"]), word, *said.values()]) for p in points]
    return "\n".join([header, *rows, ""]).encode()


OBJECTS = {
    "swipefl": own,
    "neuroswipe": neuroswipe,
    "futo": futo_row,
    "heliboard": heliboard,
    "cleverkeys": cleverkeys,
}


def line(data: Any) -> bytes:
    return json.dumps(data).encode() + b"\n"
