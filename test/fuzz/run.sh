#!/usr/bin/env bash
# Fuzzes each parser and the HTTP layer for a while (FUZZ_SECONDS each, default 60), starting from the kept corpus; as many at
# once as there are cores. An input that fails is left in build/fuzz/crashes. The last line is "fuzz: N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=${FUZZ_SECONDS:-60}
parsers=(line_protocol msgpack json_rows csv_rows annotated_csv arrow_rows http_head influxql flight_tickets)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

fuzz_parser() {
  local name=$1
  mkdir "$logs/$name.inputs" || return 1
  # New inputs go to the scratch folder; the kept corpus only changes by hand.
  build/fuzz/test/fuzz/"${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz/crashes/$name-" -dict=test/fuzz/"$name".dict "$logs/$name.inputs" test/fuzz/corpus/"$name" 2>&1 |
    tail -n 30
  return "${PIPESTATUS[0]}"
}

fuzz_http() { build/deps/venv/bin/python test/fuzz/http_fuzz.py --seconds "$seconds"; }

run() {  # run NAME COMMAND...
  local name=$1
  shift
  "$@" >"$logs/$name.log" 2>&1
  echo $? >"$logs/$name.status"
}

mkdir -p build/fuzz/crashes
{ cmake --preset fuzz >/dev/null && ninja -k 0 -C build/fuzz "${parsers[@]/%/_fuzz}"; } || echo "fuzz: not all targets were built"

for name in http "${parsers[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
  if [ "$name" = http ]; then run http fuzz_http & else run "$name" fuzz_parser "$name" & fi
done
wait

passed=0 failed=0
for name in http "${parsers[@]}"; do
  if [ "$(cat "$logs/$name.status")" = 0 ]; then
    passed=$((passed + 1))
    echo "-- $name: $(grep -m 1 -E 'number_of_executed_units|inputs' "$logs/$name.log")"
  else
    failed=$((failed + 1))
    echo "-- $name failed"
    cat "$logs/$name.log"
  fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
