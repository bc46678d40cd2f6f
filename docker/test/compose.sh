# Steps of docker/test-images.sh: docker/compose.yaml as it is, by a Docker Engine and Docker Compose. Both are
# Debian's, in a container with a network of its own, where the ports that compose.yaml publishes are free.
# Prometheus is Debian's too, under the name by which compose.yaml asks for it; Grafana is not to be had there.
# shellcheck shell=bash disable=SC2154

prometheus_image=$(sed -n 's/^ *image: \(prom\/.*\)/\1/p' docker/compose.yaml)
server_image=$(sed -n 's/^ *image: \(gpt2-server:[0-9.]*\)$/\1/p' docker/compose.yaml)
api_key="Authorization: Bearer of-the-test"

make_engine_images() {
  mkdir -p "$work/engine-image" "$work/prometheus-image"
  cat >"$work/engine-image/Containerfile" <<EOF
FROM $stand_ins/jre
RUN apt-get -q update && apt-get -q install -y --no-install-recommends docker.io docker-cli docker-compose iptables \\
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
EOF
  # With user, folders and command of the real image.
  cat >"$work/prometheus-image/Containerfile" <<EOF
FROM $stand_ins/jre
RUN apt-get -q update && apt-get -q install -y --no-install-recommends prometheus \\
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/bin/promtool /etc/prometheus/* \\
  && mkdir /prometheus && chown 65534:65534 /prometheus
USER 65534:65534
WORKDIR /prometheus
VOLUME /prometheus
ENTRYPOINT ["prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
EOF
  make_stand_in engine && make_stand_in prometheus
}

start_engine() {
  local tenth
  mkdir -p "$work/docker"
  podman run -d --name engine --privileged --cgroupns host -v /sys/fs/cgroup:/sys/fs/cgroup \
    -v "$work/docker:/var/lib/docker" -v "$PWD:/project:ro" "$stand_ins/engine" \
    dockerd --storage-driver overlay2 --cgroup-parent gpt2-server-test >"$work/engine.log" 2>&1 || return 1
  for ((tenth = 0; tenth < 200; tenth++)); do
    docker info >/dev/null 2>&1 && return
    sleep 0.1
  done
  podman logs --tail 1 engine >"$work/engine.log" 2>&1
  return 1
}

# What the engine leaves in the machine's control groups.
end_engine() {
  podman rm -f -t 10 engine >/dev/null 2>&1 || true
  find /sys/fs/cgroup -depth -type d -path '*/gpt2-server-test*' -exec rmdir {} + 2>/dev/null || true
}

docker() { podman exec engine docker "$@"; }

# Docker Compose, with the variables of $variables.
compose() {
  timeout 120 podman exec "${variables[@]}" engine docker-compose -f /project/docker/compose.yaml "$@" \
    >>"$work/compose.log" 2>&1 9>&- || fail "docker-compose $* ends with $?"
}

# Where a failure shows them.
keep_service_logs() {
  [[ -z ${engine_process:-} ]] \
    || podman exec engine docker-compose -f /project/docker/compose.yaml logs --tail 20 >"$work/services.log" 2>&1 || true
}

# Runs a function whose requests go to the engine's network.
in_engine() (
  # Called by what is given.
  # shellcheck disable=SC2317
  curl() { nsenter -t "$engine_process" -n curl "$@"; }
  "$@"
)

load_images() {
  podman tag "$image" "docker.io/library/$server_image"
  podman tag "$stand_ins/prometheus" "docker.io/$prometheus_image"
  podman save -q -m "docker.io/library/$server_image" "docker.io/$prometheus_image" \
    | podman exec -i engine docker load -q >>"$work/podman.log" 2>&1 || fail "Docker does not load the images"
  podman untag "$image" "docker.io/library/$server_image"
  podman untag "$stand_ins/prometheus" "docker.io/$prometheus_image"
}

# Of the service of the server.
state() { docker inspect -f "{{.State.$1}}" gpt2-server-gpt2-server-1; }

# The default service, and what it leaves.
check_service() {
  local answer events
  compose up -d --wait --no-build
  [[ $(state Health.Status) == healthy ]] || fail "the service is $(state Health.Status)"
  answer=$(in_engine complete 8080 12 false)
  [[ $answer == *'"completion_tokens":12'* ]] || fail "the service answered $answer"
  events=$(in_engine complete 8080 12 true -N)
  [[ $events == *$'\n'"data: [DONE]" && $(grep -c '^data' <<<"$events") -ge 13 ]] || fail "the service streamed $events"
  docker exec gpt2-server-gpt2-server-1 sh -c 'mkdir /models/mine' || fail "the volume cannot be written"
  docker cp -q /project/models/gpt2-fairytales/. gpt2-server-gpt2-server-1:/models/mine || fail "the volume takes no model"
  podman exec engine sh -c "kill -9 $(state Pid)"
  in_engine await_ready engine 8080
  [[ $(docker inspect -f '{{.RestartCount}}' gpt2-server-gpt2-server-1) == 1 ]] || fail "a killed server was not started again"
  compose down
  seen compose "$(docker version -f 'Docker {{.Server.Version}}'), Compose $(podman exec engine docker-compose version --short): up, healthy, a prompt, a stream; started again after kill -9"
}

# The dashboard's expressions with its variables filled in, as Grafana does for a range of an hour.
expressions() {
  # The variables are Grafana's.
  # shellcheck disable=SC2016
  jq -r '.panels[].targets[]?.expr' docker/grafana/dashboards/gpt2-server.json \
    | sed 's/\$__rate_interval/1m/g; s/\$job/.*/g; s/\$instance/.*/g'
}

# Asks Prometheus: prometheus PATH [options of curl...]
prometheus() { curl -sG "http://127.0.0.1:9090/api/v1/$1" "${@:2}"; }

# What Prometheus does not know yet, in words; nothing if it knows everything.
unknown() {
  local rules expression
  [[ $(prometheus targets | jq -r '[.data.activeTargets[].health] | join(" ")') == up ]] || { echo "its target is not up"; return; }
  rules=$(prometheus rules | jq '[.data.groups[].rules[] | select(.health == "ok")] | length')
  [[ $rules == "$(grep -c '^ *- alert:' docker/prometheus/alerts.yaml)" ]] || { echo "only $rules rules were evaluated"; return; }
  while IFS= read -r expression; do
    prometheus query --data-urlencode "query=$expression" | jq -e '.data.result | length > 0' >/dev/null \
      || { echo "there is no data for $expression"; return; }
  done < <(expressions)
}

# Until the file is there.
load() {
  until [[ -e $work/monitored ]]; do
    complete 8080 40 true -H "$api_key" >/dev/null
    sleep 0.2
  done
}

# With keys, which Prometheus has none of, and a model of the volume that the service before has left.
check_monitoring() {
  local status loading missing limit tries=0
  variables=(-e GPT2_MODEL=/models/mine -e "GPT2_API_KEYS=${api_key##* }")
  compose --profile monitoring up -d --wait --no-build gpt2-server prometheus
  status=$(in_engine curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/v1/models)
  [[ $status == 401 ]] || fail "without a key the service answers $status"
  [[ $(in_engine curl -s -H "$api_key" http://127.0.0.1:8080/v1/models | jq -r '.data[0].id') == mine ]] \
    || fail "the service does not serve the model of its volume"
  in_engine load &
  loading=$!
  while missing=$(in_engine unknown || echo "it does not answer"); [[ -n $missing ]]; do
    ((++tries < 60)) || fail "Prometheus after a minute: $missing"
    sleep 1
  done
  touch "$work/monitored"
  wait "$loading"
  (($(expressions | wc -l) > 40)) || fail "the dashboard has only $(expressions | wc -l) expressions"
  limit=$(in_engine prometheus query --data-urlencode query=gpt2_memory_limit_bytes | jq -r '.data.result[0].value[1]')
  [[ $limit == "$((2 << 30))" ]] || fail "the server sees $limit bytes of memory, not 2 GiB"
  seen monitoring "Prometheus of Debian ($(in_engine prometheus status/buildinfo | jq -r .data.version)): target up though the server wants keys, $(in_engine prometheus rules | jq '[.data.groups[].rules[]] | length') alert rules evaluated, data for all $(expressions | wc -l) expressions of the dashboard"
}

# A stream ends before its server does, and the volumes stay.
check_down() {
  local client volumes
  in_engine complete 8080 450 true -N -H "$api_key" >"$work/compose-stream.txt" &
  client=$!
  until grep -q '^data' "$work/compose-stream.txt"; do sleep 0.05; done
  compose --profile monitoring stop
  wait "$client" || fail "the stream was cut by docker-compose stop"
  [[ $(tail -n 2 "$work/compose-stream.txt" | head -n 1) == "data: [DONE]" ]] || fail "the stream did not end"
  [[ $(state ExitCode) == 143 ]] || fail "the service ended with $(state ExitCode)"
  compose --profile monitoring down
  volumes=$(docker volume ls -q | tr '\n' ' ')
  [[ $volumes == "gpt2-server_grafana gpt2-server_models gpt2-server_prometheus " ]] || fail "the volumes are $volumes"
  seen "compose stop" "the running stream went on to its end, exit code 143; after down the volumes are there"
}

check_compose() {
  make_engine_images || { seen compose "SKIPPED: images for Docker and Prometheus could not be made from Debian's packages"; return; }
  start_engine || { seen compose "SKIPPED: no Docker Engine can run here: $(tail -n 1 "$work/engine.log")"; return; }
  engine_process=$(podman inspect -f '{{.State.Pid}}' engine)
  variables=()
  load_images
  check_service
  check_monitoring
  check_down
  end_engine
}
