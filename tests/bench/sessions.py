"""A keyboard's session: many requests of recorded swipes to one `swipefl predict -`, one by one."""

import gzip
import re
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from tests.support.command import environment

REQUESTS = 10_000
WARM = 100  # requests, after which memory is what it stays


def session(path: Path, home: Path) -> dict[str, float]:
    """Milliseconds a request of the swipes of a file, as often as it takes; and what memory came behind the first."""
    with gzip.open(path) as swipes:
        lines = swipes.readlines()
    command = [sys.executable, "-m", "swipefl", "predict", "-", "--json"]
    spent: list[float] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(home)) as process:
        assert process.stdin
        assert process.stdout
        for line in islice(cycle(lines), REQUESTS):
            began = time.perf_counter()
            process.stdin.write(line)
            process.stdin.flush()
            answer = process.stdout.readline()
            spent.append((time.perf_counter() - began) * 1e3)
            assert b'"candidates"' in answer
            if len(spent) == WARM:
                warm_mb = _memory(process.pid)
        late_mb = _memory(process.pid)
    p50, p99 = np.percentile(spent[1:], [50, 99]).tolist()
    return {
        "first_ms": spent[0],
        "ms_p50": p50,
        "ms_p99": p99,
        "tail": p99 / p50,
        "mb": late_mb,
        "mb_growth": late_mb / warm_mb,
    }


def _memory(process: int) -> float:
    """Its resident memory in MB."""
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(kilobytes) / 1024
