"""A bad network of real packets: two network namespaces whose only way to each other is this process, which drops some.

    unshare --map-root-user --net python -m tests.support.packets LOSS DELAY_S

prints the process ids of one holder of each namespace (nsenter --target PID), 10.9.0.1 and 10.9.0.2. A line on standard
input gives a new LOSS and DELAY_S; its end ends all. It stands in for `tc netem`, which few kernels of containers have.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time
from contextlib import suppress

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def end_of_wire(address: str) -> tuple[int, subprocess.Popen[bytes]]:
    """A new namespace with `address`: the descriptor of its packets, and a process that holds it."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "no network namespace")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH14x", b"wire", IFF_TUN | IFF_NO_PI))
    for words in (f"addr add {address}/24 dev wire", "link set wire up", "link set lo up"):
        subprocess.run(["ip", *words.split()], check=True)
    return tun, subprocess.Popen(["sleep", "600"])


def main(loss: float, delay_s: float) -> None:
    ends = [end_of_wire(f"10.9.0.{n}") for n in (1, 2)]
    other = {ends[0][0]: ends[1][0], ends[1][0]: ends[0][0]}
    print(*(holder.pid for _, holder in ends), flush=True)
    rng, under_way = random.Random(1), list[tuple[float, int, int, bytes]]()
    number = 0
    while True:
        wait_s = max(0.0, under_way[0][0] - time.monotonic()) if under_way else 1.0
        for ready in select.select([0, *other], [], [], wait_s)[0]:
            if ready == 0:
                line = os.read(0, 100).split()
                if not line:
                    for _, holder in ends:
                        holder.kill()
                    return
                loss, delay_s = float(line[-2]), float(line[-1])
                continue
            packet = os.read(ready, 65536)
            if rng.random() >= loss:
                number += 1
                heapq.heappush(under_way, (time.monotonic() + delay_s, number, other[ready], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, sink, packet = heapq.heappop(under_way)
            with suppress(OSError):  # such as a queue that is full
                os.write(sink, packet)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
