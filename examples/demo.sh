#!/bin/sh
# The main job in a throw-away home: swipes in, a better keyboard out. `make demo` runs it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
SWIPEFL_HOME=$(mktemp -d)
export SWIPEFL_HOME
trap 'rm -rf "$SWIPEFL_HOME"' EXIT

say() { printf '\n$ %s\n' "$*"; "$@"; }

say swipefl ingest "$here/swipes.jsonl"
say swipefl cycle --rounds 3
printf '\n$ head -n 3 swipes.jsonl | swipefl predict -\n'
head -n 3 "$here/swipes.jsonl" | swipefl predict -
say swipefl status
printf '\nBefore (the model in the package) and after (this person'"'"'s own), on swipes held out from training:\n'
say swipefl evaluate --model base
say swipefl evaluate --model personal
