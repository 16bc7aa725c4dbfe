#!/usr/bin/env bash
# Fuzzes each parser and the HTTP layer for a while (FUZZ_SECONDS each, default 60), starting from the kept corpus.
# An input that fails is left in build/fuzz/crashes. The last line is "fuzz: N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${FUZZ_SECONDS:-60}
passed=0 failed=0
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

fuzz_parser() {
  local name=$1 work
  cmake --preset fuzz >/dev/null && ninja -C build/fuzz "${name}_fuzz" || return 1
  mkdir -p build/fuzz/crashes
  work=$(mktemp -d)
  # New inputs go to the scratch folder; the kept corpus only changes by hand.
  build/fuzz/test/fuzz/"${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz/crashes/$name-" -dict=test/fuzz/"$name".dict "$work" test/fuzz/corpus/"$name" 2>&1 |
    tail -n 30
  local result=${PIPESTATUS[0]}
  rm -rf "$work"
  return "$result"
}

fuzz_http() { build/deps/venv/bin/python test/fuzz/http_fuzz.py --seconds "$seconds"; }

count fuzz_parser line_protocol
count fuzz_parser msgpack
count fuzz_parser json_rows
count fuzz_parser csv_rows
count fuzz_parser annotated_csv
count fuzz_parser arrow_rows
count fuzz_parser http_head
count fuzz_parser influxql
count fuzz_http
echo "fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
