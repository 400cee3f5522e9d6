#!/bin/sh
# What a phone's keyboard wrote, brought here over ssh and read into the store: collect.sh [USER@]HOST FILE FOLDER
#
#   sh collect.sh phone 'swipes of mine.jsonl' ~/swipes
#
# FILE is as ssh finds it from its home there, FOLDER is here. It comes whole or not at all, and safely twice at once or
# again: swipefl knows what it has read. The key needs no more than `command="cat swipes.jsonl"` in authorized_keys.
set -eu
umask 077

[ $# -eq 3 ] || { echo "usage: collect.sh [USER@]HOST FILE FOLDER" >&2; exit 2; }
host=$1 file=$2 folder=$3
case $host in -* | '') echo "collect.sh: no host: $host" >&2; exit 2 ;; esac

# The shell over there takes the name apart again: it gets it in quotes.
quoted=$(printf '%s\n' "$file" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/")

mkdir -p -- "$folder"
new=$(mktemp -- "$folder/.coming.XXXXXX")
trap 'rm -f -- "$new"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# BatchMode: at night nobody types a password. A line that fell silent ends it within a minute.
ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=3 -- "$host" \
    "cat -- $quoted" </dev/null >"$new"

here=$folder/$(printf '%s' "$host-$file" | LC_ALL=C tr -c 'A-Za-z0-9.-' _)
mv -f -- "$new" "$here"
swipefl ingest -- "$here"
