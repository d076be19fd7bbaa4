#!/usr/bin/env bash
# Fuzzes every target for so many seconds each: `tests/fuzz/run.sh [SECONDS] [TARGET…]`. What is
# found stays in tests/artifacts/fuzz, what was learnt in target/fuzz-corpus.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
root=$(cd ../.. && pwd)
# libFuzzer's own instrumentation, with the stable compiler.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
host=$(rustc -vV | sed -n 's/^host: //p')
# A target of its own, so that build scripts and macros are not instrumented.
cargo build --release --locked --target "$host" --target-dir "$root/target/fuzz"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=($(cd src/bin && ls *.rs | sed 's/\.rs$//'))
mkdir -p "$root/tests/artifacts/fuzz"
for target in "${targets[@]}"; do
    corpus="$root/target/fuzz-corpus/$target"
    log="$root/tests/artifacts/fuzz/$target.log"
    mkdir -p "$corpus"
    seeds=()
    case $target in
        texts) seeds=(../../gateway/profiles/models ../cases/config) ;;
    esac
    echo "fuzz: $target for $seconds s"
    if ! "$root/target/fuzz/$host/release/$target" -max_total_time="$seconds" -max_len=4096 \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$root/tests/artifacts/fuzz/$target-" "$corpus" "${seeds[@]}" >"$log" 2>&1
    then
        tail -n 30 "$log"
        echo "fuzz: $target found something; its input is in tests/artifacts/fuzz"
        exit 1
    fi
    grep number_of_executed "$log"
done
echo "fuzz: clean"
