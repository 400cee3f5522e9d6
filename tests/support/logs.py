"""Logs of How We Swipe, of generated people."""

from functools import cache

from tests.support.people import examples

HEADER = b"sentence timestamp keyb_width keyb_height event x_pos y_pos x_radius y_radius angle word is_err\n"


@cache
def trace(number: int, ended: bool = True) -> bytes:
    """A generated swipe as a How We Swipe log has it; without its touchend if not `ended`."""
    example = examples(4, seed=1)[number]
    gesture, count = example.gesture, len(example.gesture.points)
    events = ["touchstart", *["touchmove"] * (count - 2), "touchend"]
    lines = [
        f"said {1_600_000_000_000 + number * 60_000 + t * 1000:.0f} {gesture.width} {gesture.height} {event} {x} {y} "
        f"0 0 0 {example.word} 0\n"
        for event, (x, y, t) in zip(events, gesture.points.tolist(), strict=True)
    ]
    return "".join(lines if ended else lines[:-1]).encode()
