#!/usr/bin/env bash
# The main job of overt, visibly working: a Python job, a C program and a Go program record events, one of them is killed
# right after it recorded, a cobra program counts its commands, and all of it arrives at a collector; with telemetry off
# nothing is sent and no file appears. Everything happens in a temporary directory and on loopback; it ends by itself and
# fails if anything is not as it says.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/overt-demo.XXXXXXXX")
collector=
cleanup() {
  if [ -n "$collector" ]; then
    kill "$collector" 2>/dev/null || true
    wait "$collector" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT

# The demonstration decides about consent itself, wherever it runs.
unset CI DO_NOT_TRACK OVERT_DEBUG
export TELEMETRY_ENABLED=true
export XDG_STATE_HOME="$work/state"
key=phc_demo

step_begun=$(date +%s%N)
step() {
  local now
  now=$(date +%s%N)
  printf '    (%d ms)\n' $(((now - step_begun) / 1000000))
  step_begun=$now
}
say() { printf '\n==> %s\n' "$1"; }
fail() {
  echo "demo: $1" >&2
  exit 1
}
arrived() { "$bin/overt-collector" events --db "$work/overt.db" --json | wc -l; }

say "building the library, the collector and the command"
cargo build --quiet -p overt-ffi -p overt-collector -p overt-cli
bin=target/debug
step

say "building the Python wheel, and installing it"
bindings/python/install.sh
python=target/venv/bin/python
step

say "building the C program and the Go programs"
gcc -std=c99 -Wall -Iinclude examples/c/command.c -o "$work/c-command" -Ltarget/debug -lovert "-Wl,-rpath,$PWD/target/debug"
bindings/go/with-overt.sh go build -C examples/go -o "$work/go-command" ./command
bindings/go/with-overt.sh go build -C examples/pace_like -o "$work/pace" .
step

say "starting a collector on loopback"
"$bin/overt-collector" serve --listen 127.0.0.1:0 --db "$work/overt.db" >"$work/ready" &
collector=$!
for _ in $(seq 100); do
  [ -s "$work/ready" ] && break
  sleep 0.05
done
url=$(sed -n 's/^listening on //p' "$work/ready")
[ -n "$url" ] || fail "the collector did not start"
echo "    $url"
step

say "an asynchronous data job in Python, as Starfish runs them, records one event when it ends"
"$python" examples/starfish_job.py "$url" "$key"
step

say "a C program and a Go program record their commands, with exit codes"
"$work/c-command" "$url" "$key" "pace get data-policy" 0
"$work/c-command" "$url" "$key" "pace apply data-policy" 1
"$work/go-command" "$url" "$key" "pace list tables" 0
step

say "a cobra program in the manner of PACE counts its commands by exit code; eight of its runs at a time"
export PACE_CONFIG_PATH="$work/config/pace" PACE_TELEMETRY_ENDPOINT="$url/telemetry"
runs=examples/pace_like/runs.txt
(
  cd examples/pace_like
  # shellcheck disable=SC2016 # the words of a line are for the inner shell
  grep -v '^#' runs.txt |
    PACE_TELEMETRY_INTERVAL=-1 xargs -P 8 -d '\n' -n 1 sh -c '"$0" $1 >/dev/null 2>&1 || true' "$work/pace"
)
echo "    $(grep -cv '^#' "$runs") runs of $(basename "$runs"), of which these count:"
sed 's/^/    /' "$PACE_CONFIG_PATH/telemetry.yaml"
diff <(sed 's/^id: .*/id: 36be4c46-4e1b-431d-b9db-1b315f537a85/' "$PACE_CONFIG_PATH/telemetry.yaml") \
  examples/pace_like/telemetry.yaml || fail "the counts are not those of examples/pace_like/telemetry.yaml"
step

say "one more run is due to tell them; it does not wait, a process of its own does"
PACE_TELEMETRY_INTERVAL=0 "$work/pace" version >/dev/null
counters() { "$bin/overt-collector" counters --db "$work/overt.db" "$@"; }
for _ in $(seq 200); do
  [ -n "$(counters --json)" ] && break
  sleep 0.05
done
[ -n "$(counters --json)" ] || fail "the counts did not arrive"
counters | sed 's/^/    /'
step

say "its user looks, and switches it off"
env -u TELEMETRY_ENABLED "$work/pace" telemetry off | sed 's/^/    /'
env -u TELEMETRY_ENABLED "$work/pace" telemetry status | head -n 1 | sed 's/^/    /'
[ ! -e "$PACE_CONFIG_PATH/telemetry.yaml" ] || fail "the counts are still there"
step

say "the job once more, killed with SIGKILL right after it recorded its event"
before=$(arrived)
status=0
{ "$python" examples/starfish_job.py "$url" "$key" --die || status=$?; } 2>/dev/null
[ "$status" = 137 ] || fail "the job was to die by signal 9, but ended with $status"
[ "$(arrived)" = "$before" ] || fail "the killed job's event arrived before anybody could send it"
"$bin/overt" status --app starfish | sed 's/^/    /'
step

say "its next run delivers what it left"
"$python" examples/starfish_job.py "$url" "$key"
[ "$(arrived)" = $((before + 2)) ] || fail "$(arrived) events arrived instead of $((before + 2))"
step

say "what arrived"
"$bin/overt-collector" events --db "$work/overt.db" | sed 's/^/    /'
echo
"$bin/overt-collector" summary --db "$work/overt.db" | sed 's/^/    /'
step

say "what was sent can be read on the machine that sent it, word for word"
"$bin/overt" show --app starfish | cut -c1-110 | sed 's/^/    /'
step

say "with TELEMETRY_ENABLED=false nothing is sent and no file appears"
before=$(arrived)
TELEMETRY_ENABLED=false XDG_STATE_HOME="$work/off" "$python" examples/starfish_job.py "$url" "$key"
TELEMETRY_ENABLED=false XDG_STATE_HOME="$work/off" "$work/c-command" "$url" "$key" "pace get data-policy" 0
TELEMETRY_ENABLED=false XDG_STATE_HOME="$work/off" "$work/go-command" "$url" "$key" "pace list tables" 0
TELEMETRY_ENABLED=false XDG_STATE_HOME="$work/off" PACE_CONFIG_PATH="$work/off" "$work/pace" list tables >/dev/null
[ "$(arrived)" = "$before" ] || fail "something was sent although telemetry was off"
[ ! -e "$work/off" ] || fail "a file appeared although telemetry was off"
echo "    $before events before, $(arrived) after; no state directory was made"
step

say "done"
