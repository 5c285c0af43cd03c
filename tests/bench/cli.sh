#!/usr/bin/env bash
# How long `tokenscope list` takes for 10,000 tokens, beside one curl with a range of URLs piped to
# jq, and beside that curl alone; then `get`, beside curl. Medians, measured in turns in one run.
#
#     tests/bench/cli.sh [PATH_OF_TOKENSCOPE] [RUNS]
set -euo pipefail
cd "$(dirname "$0")/../.."

tokenscope=${1:-target/release/tokenscope}
runs=${2:-20}
home=$(mktemp -d)
exec 3< <(exec python3 tests/bench/server.py 10000)
server=$!
trap 'kill "$server"; rm -rf "$home"' EXIT
read -r -u 3 base

export TOKENSCOPE_HOME=$home CLOUDFLARE_API_TOKEN=bench-token-0123456789 CLOUDFLARE_BASE_URL=$base
export CLOUDFLARE_ACCOUNT_ID=023e105f4ecef8ad9ca31a8372d0c353
route=$base/accounts/$CLOUDFLARE_ACCOUNT_ID/access/service_tokens
id=00000001-0000-4000-8000-000000000001

list() { "$tokenscope" list -o json; }
csv() { "$tokenscope" list -o csv; }
curl_range() { curl -fsS -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" "$route?per_page=1000&page=[1-10]"; }
curl_jq() { curl_range | jq -c '.result[] | {id, name, expires_at}'; }
get() { "$tokenscope" get "$id" -o json; }
curl_one() { curl -fsS -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" "$route/$id"; }

median() { sort -n "$home/$1" | awk '{ all[NR] = $1 } END { printf "%.1f", all[int((NR + 1) / 2)] }'; }

measured=(list csv curl_range curl_jq get curl_one)
for _ in $(seq "$runs"); do
    for what in "${measured[@]}"; do
        begun=$EPOCHREALTIME
        "$what" >"$home/out"
        awk -v b="$begun" -v e="$EPOCHREALTIME" 'BEGIN { print (e - b) * 1000 }' >>"$home/$what"
    done
done

test "$(list | jq .count)" = 10000
for what in "${measured[@]}"; do
    printf '%-12s %7s ms\n' "$what" "$(median "$what")"
done
awk -v l="$(median list)" -v j="$(median curl_jq)" -v g="$(median get)" -v c="$(median curl_one)" \
    'BEGIN { printf "list / curl_jq  %.2f (at most 0.5)\nget / curl_one  %.2f (at most 0.7)\n", l / j, g / c }'
