"""Text of others, such as a name or what a server answered, that is shown to people."""

JOINERS = "\u200c\u200d"  # without which some alphabets are written wrong


def printable(text: str) -> str:
    """`text` without what would move a cursor, end a line, or turn the order of other letters round."""
    return "".join(c if c.isprintable() or c in JOINERS else "\N{REPLACEMENT CHARACTER}" for c in text)
