"""What goes wrong on a page without anybody seeing it: errors, refused scripts, calls elsewhere, things that jump."""

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


@dataclass
class Watch:
    """What a page should not do and did."""

    origin: str
    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()  # parts of what may be said: a server that a test kills is missed

    async def begin(self, context: BrowserContext, page: Page) -> None:
        """From the first byte on."""
        await context.add_init_script(WITHIN)
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        context.on("request", self._asked)
        context.on("response", self._answered)

    def _asked(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme not in ("blob", "data") and f"{asked.scheme}://{asked.netloc}" != self.origin:
            self.elsewhere.append(request.url)

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
