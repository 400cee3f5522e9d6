"""What the README and the pages beside the examples say, block by block."""

import re

from tests.support.command import ROOT

PAGES = {
    file.relative_to(ROOT).as_posix(): file.read_text("utf-8")
    for file in (ROOT / "README.md", *ROOT.glob("examples/*.md"), ROOT / "examples" / "flower" / "README.md")
}
LINKING = {
    file.relative_to(ROOT).as_posix(): file.read_text("utf-8")
    for file in (*ROOT.glob("*.md"), *ROOT.glob("examples/**/*.md"), *ROOT.glob("swipefl/**/*.md"))
}
"""All pages, those too of which no other test is."""
README = PAGES["README.md"]


def sections(page: str) -> dict[str, str]:
    """What stands under each heading; under "" what stands before the first one."""
    first, *others = re.split(r"^## ", PAGES[page], flags=re.M)
    return {"": first, **dict(other.split("\n", 1) for other in others)}


def blocks(page: str, heading: str, language: str = "sh") -> list[str]:
    """The blocks of lines in a language, under a heading of a page."""
    return [block.split("```")[0] for block in sections(page)[heading].split(f"```{language}\n")[1:]]


def lines(page: str, heading: str) -> list[str]:
    """The lines of shell of the first block, without their comments."""
    return [line.split(" #")[0].strip() for line in blocks(page, heading)[0].splitlines()]
