# Asks the server for its health, a completion and a stream, with nothing but bash: the image has no
# curl. Exits with 1 and prints the answer if one is wrong.
set -uo pipefail

key=""
if [[ -n "${KEYS_FILE:-}" ]]; then
  while IFS= read -r line || [[ -n "$line" ]]; do
    if [[ -n "$line" && "$line" != \#* ]]; then
      # A name may stand before the key.
      key="${line##* }"
      break
    fi
  done < "$KEYS_FILE"
fi

# ask METHOD PATH BODY: stores status line, headers and body in $answer.
ask() {
  answer=""
  exec 3<>"/dev/tcp/$SERVER_HOST/$SERVER_HTTP_PORT" || fail "$SERVER_HOST:$SERVER_HTTP_PORT cannot be reached"
  {
    printf '%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n' "$1" "$2" "$SERVER_HOST"
    [[ -z "$key" ]] || printf 'Authorization: Bearer %s\r\n' "$key"
    printf 'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "${#3}" "$3"
  } >&3
  # Reads to the end of the connection: an answer contains no zero byte.
  IFS= read -r -d '' -t 120 answer <&3 || true
  exec 3>&-
}

fail() {
  printf 'FAILED: %s\n%s\n' "$1" "$answer"
  exit 1
}

ask GET /health ""
[[ "$answer" == "HTTP/1.1 200"* ]] || fail "the server is not ready"
echo "ok: the server is ready"

ask POST /v1/completions '{"prompt": "Once upon a time", "max_tokens": 8, "temperature": 0}'
[[ "$answer" == "HTTP/1.1 200"* ]] || fail "no completion"
[[ "$answer" =~ \"text\"\ *:\ *\"[^\"]+\" ]] || fail "the completion has no text"
echo "ok: a completion, ${BASH_REMATCH[0]}"

ask POST /v1/completions '{"prompt": "The king", "max_tokens": 8, "temperature": 0, "stream": true}'
[[ "$answer" == "HTTP/1.1 200"* && "$answer" == *text/event-stream* ]] || fail "no stream"
[[ "$answer" == *"data: [DONE]"* ]] || fail "the stream ended too early"
echo "ok: a stream"
