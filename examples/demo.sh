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
to learn, and they gain far more than real people do: those get 0.6 more words of a hundred right by their own swipes, which
may be chance (README.md, "What you gain").
END
printf '\n$ head -n 257 swipes.jsonl | swipefl ingest -\n'
head -n 257 "$here/swipes.jsonl" | swipefl ingest -
say swipefl cycle --rounds 3
printf '\nThree more swipes of theirs, which nothing was learned from:\n\n$ tail -n 3 swipes.jsonl | swipefl predict -\n'
tail -n 3 "$here/swipes.jsonl" | swipefl predict -
say swipefl status
cat <<'END'

Next: `make try` opens a page where you swipe yourself, and see what it gains you. This demo's home is gone.
END
