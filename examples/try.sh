#!/bin/sh
# The page to swipe on, with your own home. `make try` runs it.
set -eu
home=$(swipefl config --json | python3 -c 'import json, sys
print(next(known["value"] for known in json.load(sys.stdin)["settings"] if known["name"] == "home"))')
cat <<END
What you swipe on the page is kept in $home, and no swipe ever leaves this machine.
Ctrl-C stops it, and \`make try\` starts it again. \`swipefl forget --all\` (in .venv/bin) erases what was kept.

END
exec swipefl serve --open "$@"
