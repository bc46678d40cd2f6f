#!/usr/bin/env bash
# Health check of the container: requests GET /health and exits with 0 if the server is ready, else with 1 and
# the answer. It uses bash's own sockets and takes milliseconds: a JVM would take half a second of processor
# time for each check, and curl would be one more program to keep up to date.
#
# The address comes from the variables that set it for the server.
exec 3<>"/dev/tcp/${SERVER_ADDRESS:-127.0.0.1}/${SERVER_PORT:-8080}" || exit 1
printf 'GET %s/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' \
  "${SERVER_SERVLET_CONTEXT_PATH:-}" >&3
IFS= read -r -t 5 line <&3 || { echo "no answer within 5 seconds"; exit 1; }
[[ $line == "HTTP/1.1 200"* ]] && exit 0
while IFS= read -r -t 5 header <&3 && [[ $header != $'\r' ]]; do :; done
IFS= read -r -t 5 -d '' body <&3
echo "${line%$'\r'} ${body}"
exit 1
