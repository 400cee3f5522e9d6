#!/bin/sh
# Three devices and a coordinator on one machine, over TLS. `make federation` runs it: federation/run.sh [ROUNDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-3}
work=$(mktemp -d)
serving=
trap 'test -z "$serving" || kill "$serving" 2> /dev/null || true; wait; rm -rf "$work"' EXIT

field() { python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1"; }

python3 "$here/make_people.py" "$work"
python3 "$here/make_certificate.py" "$work"

echo "A coordinator with version 1, the model of the package. A fourth person's swipes judge each version."
swipefl coordinator init --home "$work/coordinator" > /dev/null
swipefl coordinator serve --home "$work/coordinator" --listen localhost:0 --tls-cert "$work/cert.pem" \
    --tls-key "$work/key.pem" --holdout "$work/judge.jsonl" --buffer 3 --json > "$work/serving" 2> "$work/log" &
serving=$!
until test -s "$work/serving"; do kill -0 "$serving" || { cat "$work/log"; exit 1; }; sleep 0.1; done
address=$(field listening < "$work/serving")

for name in ada ben cleo; do
    swipefl coordinator token --home "$work/coordinator" |
        swipefl enroll "$address" --token - --yes --ca "$work/cert.pem" --home "$work/$name" > /dev/null 2>> "$work/log"
    swipefl ingest "$work/$name.jsonl" --home "$work/$name" > /dev/null 2>> "$work/log"
    echo "$name enrolled; the swipes stay on the device"
done

version() { swipefl coordinator status --home "$work/coordinator" --json | field version; }

top1() {  # of a version, on the fourth person's swipes
    swipefl coordinator status --home "$work/coordinator" --json |
        python3 -c 'import json, sys; print("%.1f %%" % (100 * json.load(sys.stdin)["versions"][-1]["top1"]))'
}

before=$(swipefl evaluate "$work/judge.jsonl" --model base --home "$work/ada" --json |
    python3 -c 'import json, sys; print("%.1f %%" % (100 * json.load(sys.stdin)["top1"]))')
for round in $(seq "$rounds"); do
    for name in ada ben cleo; do
        swipefl cycle --home "$work/$name" --require-sync > /dev/null 2>> "$work/log"
    done
    until test "$(version)" -gt "$round"; do sleep 0.5; done
    now=$(top1)
    echo "round $round: version $((round + 1)) out of 3 updates; first word right for the fourth person: $before -> $now"
    before=$now
done
for name in ada ben cleo; do
    swipefl sync --home "$work/$name" > /dev/null 2>> "$work/log"
done
echo "all three have version $(version) now; what left each device was a clipped change of weights, no swipe"
