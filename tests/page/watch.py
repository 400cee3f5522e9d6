"""What goes wrong on a page without anybody seeing it: errors, refused scripts, calls elsewhere, things that jump."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page, Request, Response

WITHIN = """
window.shifts = [];
window.refused = [];
document.addEventListener('securitypolicyviolation', (e) => {
  window.refused.push(`${e.violatedDirective} ${e.blockedURI}`);
});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    window.shifts.push([entry.value, entry.sources.map((s) => s.node?.outerHTML?.slice(0, 120) ?? '')]);
}).observe({type: 'layout-shift', buffered: true});
"""
QUIET_S, LONGEST_S = 0.2, 20.0


@dataclass
class Watch:
    """What a page should not do and did."""

    origin: str
    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()  # parts of what may be said: a server that a test kills is missed
    _asking: set[Request] = field(default_factory=set)

    async def begin(self, context: BrowserContext, page: Page) -> None:
        """From the first byte on."""
        await context.add_init_script(WITHIN)
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfinished", self._over)
        context.on("requestfailed", self._over)

    async def quiet(self) -> None:
        """Waits until nothing has been asked for a moment, or somebody who holds an answer back is waited for in vain.

        The browser itself says so of a page once, when that was loaded, and never again.
        """
        until = (last := time.monotonic()) + LONGEST_S
        while (now := time.monotonic()) < min(until, last + QUIET_S):
            last = now if self._asking else last
            await asyncio.sleep(0.02)

    def _asked(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme == "http" and not asked.path.endswith("/events"):  # which go on as long as a job does
            self._asking.add(request)
        if asked.scheme not in ("blob", "data") and f"{asked.scheme}://{asked.netloc}" != self.origin:
            self.elsewhere.append(request.url)

    def _over(self, request: Request) -> None:
        self._asking.discard(request)

    async def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.said.append(f"{response.status} {response.url}: {await response.text()}")

    async def is_clean(self, page: Page) -> None:
        """Fails with all that went wrong so far."""
        seen: dict[str, list[Any]] = await page.evaluate("() => ({refused: window.refused, moved: window.shifts})")
        wrong = {
            "said": [text for text in self.said if not any(part in text for part in self.expected)],
            "asked elsewhere": self.elsewhere,
            **seen,
        }
        assert not any(wrong.values()), wrong
