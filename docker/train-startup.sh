#!/usr/bin/env bash
# Runs the server once while the image is built, so that the JVM can record which classes it loads,
# how they are linked and which methods are hot: an ahead-of-time cache (JEP 483, 514, 515) that
# saves a third of the processor time of a start. A failure here is a broken image.
#
#   train-startup.sh CACHE [COMMAND...]
#
# With a command, that is recorded and not the server: a start gains less.
set -euo pipefail

cache=$1
shift
log=$(mktemp)
# Not the default port, which may be in use where a build shares its machine's network.
export SERVER_PORT=$((20000 + RANDOM % 10000))
# G1 on small building machines too: a cache written with it also works in small containers,
# which use the serial collector.
java -XX:AOTCacheOutput="$cache" -XX:+UseG1GC -Xlog:disable -Xlog:all=warning:stderr \
  -Djna.boot.library.path=/app/native -Dlibrary.jline.path=/app/native -jar /app/gpt2-server.jar "$@" >"$log" 2>&1 &
server=$!

give_up() {
  cat "$log" >&2
  echo "The server that was started to record its start $1." >&2
  exit 1
}

# Each request has its own connection and reads the answer to the end.
request() {
  local method=$1 path=$2 body=${3:-}
  exec 3<>"/dev/tcp/127.0.0.1/$SERVER_PORT"
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$method" "$path" "${#body}" "$body" >&3
  local status
  read -r _ status _ <&3
  cat <&3 >/dev/null
  exec 3>&-
  [[ $status == 200 ]] || give_up "answered $method $path with $status"
}

if (($#)); then
  wait "$server" || give_up "with $* failed"
  [[ -s $cache ]] || give_up "with $* left no cache at $cache"
  exit
fi

for ((second = 0; ; second++)); do
  "$(dirname "$0")/healthcheck.sh" >/dev/null 2>&1 && break
  kill -0 "$server" 2>/dev/null || give_up "has ended"
  # Under emulation it takes minutes.
  ((second < 1200)) || give_up "was not ready after 1,200 seconds"
  sleep 1
done

request GET /health
request GET /actuator/health/readiness
request GET /actuator/health/liveness
request GET /metrics
request GET /v1/models
for prompt in "Once upon a time" "The king" "There was"; do
  request POST /v1/completions "{\"prompt\": \"$prompt\", \"max_tokens\": 32, \"logprobs\": 3}"
  request POST /v1/completions "{\"prompt\": \"$prompt\", \"max_tokens\": 32, \"stream\": true}"
done
request POST /v1/next-token '{"prompt": "The king was very", "top_k": 5}'
request POST /v1/score '{"prompt": "The king was very", "continuations": [" angry", " happy"]}'

kill -TERM "$server"
wait "$server" || true
[[ -s $cache ]] || give_up "left no cache at $cache"
