#!/bin/sh
# The page to swipe on, with your own home. `make try` runs it; `make try PORT=8001` says where.
set -eu
home=$(swipefl config --json | python3 -c 'import json, sys
print(next(known["value"] for known in json.load(sys.stdin)["settings"] if known["name"] == "home"))')
cat <<END
What you swipe on the page is kept in $home, and no swipe ever leaves this machine.
Ctrl-C stops it, and \`make try\` starts it again. \`swipefl forget --all\` (in .venv/bin) erases what was kept.

END
if [ -z "${PORT:-}" ]; then  # a free one where the usual one is taken, as by another that runs
  PORT=$(python3 -c 'import socket
usual = socket.socket()
usual.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    usual.bind(("127.0.0.1", 8000))
    print(8000)
except OSError:
    print(0)')
fi
exec swipefl serve --open --port "$PORT" "$@"
