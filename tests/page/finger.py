"""A finger or a mouse over the page: real input of the browser, with the times that a recorded swipe has."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, FloatRect

Point = tuple[float, float, float]  # x, y in CSS pixels of the page, t in seconds


def over(box: FloatRect, line: Mapping[str, Any]) -> list[Point]:
    """The points of a line of swipes.jsonl, laid over a drawn keyboard."""
    wide, high = box["width"] / line["width"], box["height"] / line["height"]
    return [(box["x"] + p["x"] * wide, box["y"] + p["y"] * high, p["t"]) for p in line["coords"]]


@dataclass
class Finger:
    """What touches the page, or a mouse with its left button.

    Its clock runs ahead of the machine's where it draws faster than somebody swiped: a browser takes times that are to
    come, while one before what it was told last it moves.
    """

    browser: CDPSession
    is_touch: bool = False
    clock: float = 0.0  # epoch seconds of its last event
    resting: tuple[tuple[float, float], ...] = ()  # where other fingers lie meanwhile

    _down: int = 0

    async def draw(self, points: Sequence[Point]) -> None:
        """Down, along the points and up, as fast as the page takes it; its events say the recorded times."""
        began = self._begin()
        await asyncio.gather(*(self._send(kind, point, began) for kind, point in _stroke(points)))

    async def draw_as_recorded(self, points: Sequence[Point]) -> None:
        """The same at the speed of the one who swiped it."""
        began, now = self._begin(), time.time()
        for kind, point in _stroke(points):
            await asyncio.sleep(now + point[2] - time.time())
            await self._send(kind, point, began)

    async def down_and_along(self, points: Sequence[Point]) -> None:
        """The same as `draw`, but the finger stays down."""
        began = self._begin()
        await asyncio.gather(*(self._send(kind, point, began) for kind, point in _stroke(points)[:-1]))

    async def along(self, points: Sequence[Point]) -> None:
        """Further, once it is down; the times count from the first of these points."""
        began = self.clock - points[0][2] + 0.01
        await asyncio.gather(*(self._send("moved", point, began) for point in points))

    async def up(self, point: Point) -> None:
        """It leaves the page there."""
        await self._send("up", point, self.clock - point[2])

    def _begin(self) -> float:
        self.clock = max(time.time(), self.clock + 0.3)
        return self.clock

    async def _send(self, kind: str, point: Point, began: float) -> None:
        x, y, t = point
        self.clock = began + t
        said: dict[str, Any] = {"type": TOUCH[kind] if self.is_touch else MOUSE[kind], "timestamp": self.clock}
        if self.is_touch:
            fingers = [(x, y), *self.resting]
            said["touchPoints"] = (
                [] if kind == "up" else [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(fingers)]
            )
            if kind == "moved" and len(fingers) > self._down:
                said["type"] = TOUCH["down"]
            self._down = len(said["touchPoints"])
            await self.browser.send("Input.dispatchTouchEvent", said)
        else:
            said |= {"x": x, "y": y, "button": "left", "buttons": int(kind != "up"), "clickCount": 1}
            await self.browser.send("Input.dispatchMouseEvent", said)


MOUSE = {"down": "mousePressed", "moved": "mouseMoved", "up": "mouseReleased"}
TOUCH = {"down": "touchStart", "moved": "touchMove", "up": "touchEnd"}


def _stroke(points: Sequence[Point]) -> list[tuple[str, Point]]:
    first, *rest = points
    return [("down", first), *(("moved", point) for point in rest), ("up", points[-1])]
