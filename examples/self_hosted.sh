#!/usr/bin/env bash
# Sends a job to an API of your own with curl: the route, and the job's fields.
#
# API=http://127.0.0.1:3000/api API_KEY=… ./self_hosted.sh ffmpeg/probe '{"input": "example.mp4"}'
set -euo pipefail

api=${API:-http://127.0.0.1:3000/api}

# The key goes through a pipe: in an argument every user of the machine could read it.
authorization() {
  if [ -n "${API_KEY:-}" ]; then printf 'header = "Authorization: Bearer %s"\n' "$API_KEY"; fi
}

curl -sS --fail-with-body --config <(authorization) -H 'Content-Type: application/json' "$api/$1" --data-binary "$2"
