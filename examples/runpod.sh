#!/usr/bin/env bash
# Sends a job to an endpoint with curl, and waits for it. Needs jq.
#
# RUNPOD_API_KEY=… RUNPOD_ENDPOINT_ID=… ./runpod.sh runpod-console/process.json
set -euo pipefail

base=${RUNPOD_ENDPOINT_BASE_URL:-https://api.runpod.ai/v2}/$RUNPOD_ENDPOINT_ID

# The key goes through a pipe: in an argument every user of the machine could read it.
call() {
  curl -sS --fail-with-body --config <(printf 'header = "Authorization: Bearer %s"\n' "$RUNPOD_API_KEY") "$@"
}

id=$(call "$base/run" -H 'Content-Type: application/json' --data-binary "@$1" | jq -r .id)
while true; do
  state=$(call "$base/status/$id")
  case $(jq -r .status <<<"$state") in
    COMPLETED)
      jq .output.result <<<"$state"
      exit
      ;;
    FAILED | CANCELLED | TIMED_OUT)
      jq -r '"\(.error // .status) \(.output.details.hint? // "")"' <<<"$state" >&2
      exit 1
      ;;
  esac
  sleep 1
done
