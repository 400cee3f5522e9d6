"""What a round waits for, as the ServerApp tells it to whoever follows the run: a line, and the sentence of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from swipefl.jsonline import json_line

BEGINS = '{"waiting":'
NO_ANSWER = "no answer"
NAMED = 10  # nodes of a sentence


@dataclass(frozen=True)
class Waiting:
    """So many `nodes` are there, `ready` of them, and it takes `least`; what keeps each other one, by its number."""

    nodes: int
    ready: int
    least: int
    others: Mapping[int, str]

    def line(self) -> str:
        """A line of what the run writes."""
        named = dict(list(self.others.items())[:NAMED])
        return json_line({"waiting": asdict(self) | {"others": named, "more": len(self.others) - len(named)}})


def sentence_of(line: str) -> str | None:
    """What such a line says to a person; None for any other line."""
    if not line.startswith(BEGINS):
        return None
    try:
        said: Any = json.loads(line)["waiting"]
        nodes, ready, least, more = (int(said[name]) for name in ("nodes", "ready", "least", "more"))
        others = [f"node {node}: {why}" for node, why in said["others"].items()] + ([f"{more} more"] if more else [])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return "; ".join([f"a round waits: of {nodes} nodes {ready} are ready, and it takes {least}", *others])
