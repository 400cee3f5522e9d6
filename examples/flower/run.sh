#!/bin/sh
# Two coordinators with three devices each and Flower between them, on one machine, over TLS and with the SuperNodes known
# by their keys; then one coordinator with all six, for comparison. `make flower` runs it: flower/run.sh [ROUNDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-2}
work=$(mktemp -d)
started=
# Flower would report its use, ask for newer versions of itself, and install what a project names.
export FLWR_TELEMETRY_ENABLED=0 FLWR_DISABLE_UPDATE_CHECK=1 FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION=1
export FLWR_HOME="$work/flwr"
export SWIPEFL_EPOCHS=1  # of the devices' own models, which nobody looks at here

end() {
    for pid in $started; do kill "$pid" 2> /dev/null || true; done
    wait
    rm -rf "$work" || { sleep 1; rm -rf "$work"; }  # what these had started ends by itself, a moment later
}
trap end EXIT
trap 'exit 1' INT TERM

field() { python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1"; }
port() {  # one of those that no program is given unasked: what is to listen there takes its time to begin
    python3 -c '
import random, socket
for port in random.sample(range(10_000, 20_000), 100):
    try:
        socket.create_server(("localhost", port)).close()
    except OSError:
        continue
    print(port)
    break'
}
wait_for() { until grep -q "$2" "$1" 2> /dev/null; do kill -0 "$3" || { cat "$work"/*.log >&2; exit 1; }; sleep 0.2; done; }

top1() {  # of the newest version of a coordinator, on the seventh person's swipes
    swipefl coordinator status --home "$1" --json |
        python3 -c 'import json, sys; print("%.1f" % (100 * json.load(sys.stdin)["versions"][-1]["top1"]))'
}

coordinator() {  # NAME BUFFER [SETTING]: serves one in $work/NAME, whose devices find it at $address
    swipefl coordinator init --home "$work/$1" > /dev/null 2>> "$work/$1.log"
    printf '%s\n' "holdout = \"$work/judge.jsonl\"" "buffer = $2" "${3-}" > "$work/$1/coordinator.toml"
    swipefl coordinator serve --home "$work/$1" --listen localhost:0 --tls-cert "$work/cert.pem" \
        --tls-key "$work/key.pem" --json > "$work/$1.serving" 2>> "$work/$1.log" &
    started="$started $!"
    wait_for "$work/$1.serving" listening $!
    address=$(field listening < "$work/$1.serving")
}

devices() {  # COORDINATOR NAME ...: enrols these people at a coordinator
    of=$1; shift
    for name in "$@"; do
        swipefl coordinator token --home "$work/$of" |
            swipefl enroll "$address" --token - --yes --ca "$work/cert.pem" --home "$work/$of-$name" > /dev/null \
                2>> "$work/$of.log"
        swipefl ingest "$work/$name.jsonl" --home "$work/$of-$name" > /dev/null 2>> "$work/$of.log"
    done
}

nights() {  # COORDINATOR NAME ...: each of these devices learns, and gives its change
    of=$1; shift
    for name in "$@"; do
        swipefl cycle --home "$work/$of-$name" --require-sync > /dev/null 2>> "$work/$of.log"
    done
}

python3 "$here/../federation/make_people.py" "$work" ada ben cleo dora emil fay judge=400
python3 "$here/../federation/make_certificate.py" "$work"
mkdir "$work/flwr"
python3 "$here/make_key.py" "$work/north.key" "$work/south.key"

for name in north south; do
    coordinator $name 3 'versions_from = "flower"'
    if test $name = north; then devices north ada ben cleo; else devices south dora emil fay; fi
done
echo "Two coordinators, north and south, with three devices each. A seventh person's swipes judge each version."

link=localhost:$(port)
flower-superlink --host localhost --port "${link#*:}" --ssl-certfile "$work/cert.pem" --ssl-keyfile "$work/key.pem" \
    --ssl-ca-certfile "$work/cert.pem" --database "$work/superlink.db" --enable-supernode-auth \
    > "$work/superlink.log" 2>&1 &
started="$started $!"
wait_for "$work/superlink.log" "Uvicorn running" $!
printf '[superlink.here]\naddress = "%s"\nroot-certificates = "%s"\n' "$link" "$work/cert.pem" > "$FLWR_HOME/config.toml"
for name in north south; do
    flwr supernode register "$work/$name.key.pub" here > /dev/null 2>> "$work/$name.log"
    flower-supernode --superlink "$link" --root-certificates "$work/cert.pem" --port "$(port)" \
        --auth-supernode-private-key "$work/$name.key" --node-config "home=\"$work/$name\"" > "$work/$name-node.log" 2>&1 &
    started="$started $!"
done
echo "A SuperLink over TLS, and a SuperNode beside each coordinator, known by its key"

swipefl flower init "$work/project" --rounds "$rounds" --state "$work/versions" > /dev/null 2>> "$work/run.log"
swipefl flower run "$work/project" --superlink "$link" --ca "$work/cert.pem" --json > "$work/rounds" 2>> "$work/run.log" &
running=$!
started="$started $running"
before=$(swipefl evaluate "$work/judge.jsonl" --model base --home "$work/north-ada" --json |
    python3 -c 'import json, sys; print("%.1f" % (100 * json.load(sys.stdin)["top1"]))')
for round in $(seq "$rounds"); do
    nights north ada ben cleo
    nights south dora emil fay
    wait_for "$work/rounds" "\"version\": $((round + 1))," $running
    now=$(top1 "$work/north")
    echo "round $round: out of 6 updates of 2 coordinators; first word right for the seventh person: $before % -> $now %"
    before=$now
done
wait $running
apart=$(top1 "$work/south")

echo "The same six people with one coordinator, without Flower:"
coordinator alone 6
devices alone ada ben cleo dora emil fay
for round in $(seq "$rounds"); do
    nights alone ada ben cleo dora emil fay
    until test "$(swipefl coordinator status --home "$work/alone" --json | field version)" -gt "$round"; do sleep 0.5; done
done
together=$(top1 "$work/alone")
echo "after $rounds rounds $together % are right with one coordinator, $apart % with two and Flower between them"
python3 -c 'import sys; sys.exit(abs(float(sys.argv[1]) - float(sys.argv[2])) > 0.5)' "$together" "$apart" ||
    { echo "that is further apart than 0.5 points" >&2; exit 1; }
