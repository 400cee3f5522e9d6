"""What the README says, block by block."""

from tests.support.command import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def readme_blocks(heading: str) -> list[str]:
    """The blocks of shell lines under a heading of the README."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [block.split("```")[0] for block in section.split("```sh\n")[1:]]


def readme_block(heading: str) -> str:
    """The first of them."""
    return readme_blocks(heading)[0]
