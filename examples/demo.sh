#!/bin/sh
# The main job in a throw-away home: swipes in, a better keyboard out. `make demo` runs it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
SWIPEFL_HOME=$(mktemp -d)
export SWIPEFL_HOME
trap 'rm -rf "$SWIPEFL_HOME"' EXIT

say() { printf '\n$ %s\n' "$*"; "$@"; }

cat <<'END'
The swipes of this demo are GENERATED: no human made them. This person always lands high and to the right, so there is much
to learn, and they gain far more than real people do (README.md, "What you gain").
END
say swipefl ingest "$here/swipes.jsonl"
say swipefl cycle --rounds 3
printf '\n$ head -n 3 swipes.jsonl | swipefl predict -\n'
head -n 3 "$here/swipes.jsonl" | swipefl predict -
say swipefl status
printf '\nBefore (the model in the package) and after (this person'"'"'s own), on swipes held out from training:\n'
say swipefl evaluate --model base
say swipefl evaluate --model personal
cat <<'END'

Next: `make try` opens a page where you swipe yourself, and see what it gains you. This demo's home is gone.
END
