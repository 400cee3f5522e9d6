"""`make languages`: writes examples/languages.md."""

from tests.support.command import ROOT
from tests.support.languages import in_sentences, measured, page, recorded


def main() -> None:
    """Measure, and write the page."""
    (ROOT / "examples" / "languages.md").write_text(page(measured(), recorded(), in_sentences()), "utf-8")


if __name__ == "__main__":
    main()
