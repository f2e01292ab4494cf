#!/usr/bin/env bash
# All that a CUDA card is to show, in under eight minutes: benchmarks/gpu.sh [OUT]
#   OUT   folder for gpu.md and the logs; $OUT or ./gpu-run where none is given
#   GXN_DEVICE=cpu QUICK=1 SLOWER=10 benchmarks/gpu.sh   a rehearsal without a card, ten times the time for each part
#   GXN_FEATURES=FILE.yaml   a configuration with features of Flickr8K; made-up ones of its size where none is given
# Each part has its own time limit, so that one that hangs leaves the others their share.
set -uo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:-${OUT:-gpu-run}}")
device=${GXN_DEVICE:-cuda}
quick=${QUICK:+--quick}
python=${PYTHON:-.venv/bin/python}
mkdir -p "$out"
table=$out/gpu.md
name=$([ "$device" = cuda ] && nvidia-smi --query-gpu=name,driver_version --format=csv,noheader || echo "no card (rehearsal)")
printf '# %s\n\n| part | seconds | result |\n|---|---:|---|\n' "$name" > "$table"

# part NAME LIMIT COMMAND...: runs it within LIMIT seconds, its output in NAME.log, a line in the table
part() {
    local name=$1 limit=$(($2 * ${SLOWER:-1})) start=$SECONDS code=0
    shift 2
    timeout --signal=INT --kill-after=10 "$limit" "$@" > "$out/$name.log" 2>&1 || code=$?
    local said=failed
    [ $code = 0 ] && said=ok
    [ $code = 124 ] && said="stopped at its limit of $limit s"
    printf '| %s | %d | %s |\n' "$name" $((SECONDS - start)) "$said" >> "$table"
    echo "$name: $said, $((SECONDS - start)) s"
}

# from features: an epoch or two of every stage at Flickr8K's sizes; rows that draw need photographs
base=config/flickr8k.yaml sizes=()
[ -n "$quick" ] && base=config/smoke.yaml sizes=(--train 200 --val 40 --test 60 --width 32 --words 100)
features=${GXN_FEATURES:-$($python -m benchmarks.made_up "$out/flickr8k" --name made_flickr8k "${sizes[@]}")}
short=$out/short.yaml
cat > "$short" <<'YAML'
seeds: [0]
pretrain_ranking: {epochs: 1}
pretrain_xe: {epochs: 1}
pretrain_scst: {epochs: 1}
joint: {epochs: 2}
YAML
snakemake="$python -m snakemake --cores ${CORES:-all} --resources gpu=4 mem_mb=64000"
[ "$device" = cuda ] && snakemake+=" --config device=cuda"

part tests 60 $python -m pytest -q tests/kernels/test_cuda.py tests/losses/test_similarity.py tests/training/test_device.py
part kernels_and_updates 120 $python -m benchmarks.on_card $quick --device "$device"
part smoke 140 $snakemake --configfile config/smoke.yaml -- results/table_ablation.csv
part flickr8k_from_features 130 $snakemake --configfile $base "$features" "$short" -- results/table_ablation.csv

{
    printf '\n'
    grep -hE '^\|' "$out/kernels_and_updates.log"
    printf '\nTests: %s\n' "$(tail -1 "$out/tests.log")"
    for dataset in smoke made_flickr8k; do
        printf '\n## %s\n\n' "$dataset"
        cat "results/$dataset/table_ablation.md" 2> /dev/null || echo "not made"
    done
} >> "$table"
cat "$table"
