#!/bin/sh
# A night, where no systemd starts one: nightly.sh [FILE|FOLDER...], what your keyboard writes.
#
# Says what each step came to. Exits 0 also where a file is missing or another run learns just now, as the units do.
set -eu
umask 077

[ $# -gt 0 ] || set -- "${XDG_DATA_HOME:-$HOME/.local/share}/keyboard/swipes.jsonl"
PATH=$HOME/.local/bin:$HOME/swipefl/bin:$PATH
# One name for both steps, so that what they log can be joined.
SWIPEFL_RUN_ID=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export PATH SWIPEFL_RUN_ID

step() { # CODES COMMAND...: the exit codes that are no failure
    well=$1
    shift
    code=0
    nice -n 19 "$@" </dev/null || code=$?
    case " 0 $well " in *" $code "*) return 0 ;; esac
    return "$code"
}

failed=0
step "3 8" swipefl ingest -- "$@" || failed=$?
step "8" swipefl cycle --rounds 3 || failed=$?
exit "$failed"
