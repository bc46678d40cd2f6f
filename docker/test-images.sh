#!/usr/bin/env bash
# Builds the image from Dockerfile as it is and runs it as a cluster would: read-only, without root and
# capabilities, with limits. Neither a Docker engine nor a registry is needed: buildah and podman do the
# work as root, and the base images are stood in for by a Debian with the same Java from the mirror that
# this machine installs from. Where that is not available, it prints a warning and exits with 0. docker/compose.yaml is
# started by Debian's Docker Engine and Docker Compose in a container of their own.
#
#   docker/test-images.sh            builds and tests; prints a line for each step
#   docker/test-images.sh --arm64    builds the image for linux/arm64 and runs it, emulated
#
# The stand-ins are cached in ~/.cache/gpt2-server-images (IMAGE_TEST_CACHE) for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(buildah podman runc containernetworking-plugins iptables catatonit debootstrap nginx-light haproxy curl unzip jq)
cache=${IMAGE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gpt2-server-images}
java_version=25
# The Debian release that has this Java.
suite=trixie
base_packages=ca-certificates,openjdk-$java_version-jre-headless
stand_ins=localhost/gpt2-server-test
image=localhost/gpt2-server:test
# How long the server may take to be ready, in seconds.
patience=90
# How long a build may take.
build_patience=900

# shellcheck source=docker/test/compose.sh
. docker/test/compose.sh
# shellcheck source=docker/test/arm64.sh
. docker/test/arm64.sh

go_on_without() {
  {
    echo "************************************************************************"
    echo "WARNING: the images are NOT TESTED: $1"
    echo "************************************************************************"
  } >&2
  exit 0
}

# What was seen, and how long after the start of the script.
seen() { printf '%4d s  %-22s %s\n' "$SECONDS" "$1" "$2"; }

fail() {
  echo "FAILED: $*" >&2
  keep_service_logs
  for log in "$work"/*.log; do
    [[ -s $log ]] && { echo "--- $(basename "$log")" >&2; tail -n 60 "$log" >&2; }
  done
  for container in $(podman ps -aq 2>/dev/null); do
    echo "--- container $(podman inspect -f '{{.Name}}' "$container")" >&2
    podman logs --tail 40 "$container" >&2 || true
  done
  exit 1
}

clean_up() {
  local process
  for process in $(jobs -p); do kill "$process" 2>/dev/null || true; done
  end_engine
  podman pod rm -af >/dev/null 2>&1 || true
  podman rm -af -t 0 >/dev/null 2>&1 || true
  # Layers of older builds; the stand-ins have names and stay.
  podman image prune -f >/dev/null 2>&1 || true
  end_emulation
  rm -rf "$work"
}

# --- what it takes --------------------------------------------------------------------------------

require_machine() {
  [[ $(id -u) -eq 0 ]] || go_on_without "only root may do that."
  command -v apt-get >/dev/null || go_on_without "there is no apt-get to install ${packages[*]} with."
  if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update >/dev/null || true
    apt-get -q install -y --no-install-recommends "${packages[@]}" \
      >"$work/apt.log" 2>&1 || go_on_without "apt-get could not install ${packages[*]}."
  fi
}

# Storage and settings of its own, apart from whatever containers this machine has.
configure_podman() {
  export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
  mkdir -p "$work/networks" "$cache/storage"
  cat >"$CONTAINERS_CONF" <<EOF
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=8192:8192"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "$work/libpod"
[network]
network_config_dir = "$work/networks"
EOF
  cat >"$CONTAINERS_STORAGE_CONF" <<EOF
[storage]
driver = "overlay"
graphroot = "$cache/storage"
runroot = "$work/run"
EOF
  # What a run that was killed has left; images are not in there.
  rm -rf "$cache/storage/libpod"
  buildah rm -a >/dev/null 2>&1 || true
}

# Sets `mirror` to where this machine's apt takes Debian from.
find_mirror() {
  # The variable is apt's own.
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
  [[ -n $mirror ]] || go_on_without "this machine's apt has no Debian mirror to take base images from."
}

# A Debian with a Java.
make_base() {
  local mirror root=$work/root
  podman image exists "$stand_ins/jre" && return
  find_mirror
  timeout 600 debootstrap --variant=minbase "--include=$base_packages" \
    "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 \
    || go_on_without "debootstrap could not make a base image: $(tail -n 1 "$work/debootstrap.log")"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/tmp/*
  tar -C "$root" -c . | podman import -q - "$stand_ins/jre" >/dev/null
  rm -rf "$root"
}

# An image from $work/KIND-image/Containerfile, unless it is there: make_stand_in KIND
make_stand_in() {
  podman image exists "$stand_ins/$1" || timeout 400 buildah bud --runtime runc --network host --pull=never \
    --format docker -q -t "$stand_ins/$1" "$work/$1-image" >"$work/$1-image.log" 2>&1
}

# The images that Dockerfile begins with.
make_stand_ins() {
  make_base
  if ! podman image exists "$stand_ins/maven"; then
    mkdir -p "$work/maven-image"
    cp -rL "$(mvn -v | sed -n 's/^Maven home: //p')" "$work/maven-image/maven"
    cat >"$work/maven-image/Containerfile" <<EOF
FROM $stand_ins/jre
RUN apt-get -q update && apt-get -q install -y --no-install-recommends openjdk-$java_version-jdk-headless
COPY maven /usr/share/maven
RUN ln -s /usr/share/maven/bin/mvn /usr/bin/mvn
EOF
    make_stand_in maven \
      || go_on_without "the image to build in could not be made: $(tail -n 1 "$work/maven-image.log")"
  fi
  seen "base images" "Debian $suite with Java $java_version stands in for the images of the registry"
}

# A machine that is a container itself may lack the right to do the rest.
require_containers() {
  podman run --rm --pids-limit 200 --cpus 1 --memory 64m --memory-swap 64m -p "127.0.0.1:$port:8080" \
    "$stand_ins/jre" true >"$work/first.log" 2>&1 \
    || go_on_without "podman cannot run a container with limits and a port: $(tail -n 1 "$work/first.log")"
}

# What a container leaves running must not hold the lock.
podman() { command podman "$@" 9>&-; }

# --- tools ----------------------------------------------------------------------------------------

# A free port of the loopback interface.
free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

# Runs the image hardened, in the background: start NAME PORT [podman's options...] -- [arguments...]
start() {
  local name=$1 port=$2 options=()
  shift 2
  while (($#)) && [[ $1 != -- ]]; do options+=("$1"); shift; done
  # In its own folder, because podman leaves a file where it is when a container runs out of memory.
  (cd "$work" && podman run -d --name "$name" -p "127.0.0.1:$port:8080" --user 10001 --cap-drop=ALL \
    --security-opt no-new-privileges --pids-limit 200 --cpus 1 --memory 1g --memory-swap 1g \
    "${options[@]}" "$image" "${@:2}") >>"$work/podman.log" 2>&1 || fail "podman could not run $name"
}

# shellcheck disable=SC2054
hardened=(--no-healthcheck --read-only --read-only-tmpfs=false --tmpfs /tmp:size=64m,mode=1777,noexec)

await_ready() {
  local name=$1 port=$2 tenth
  for ((tenth = 0; tenth < 10 * patience; tenth++)); do
    curl -sf -o /dev/null "http://127.0.0.1:$port/health" && return
    ((tenth % 10)) || [[ $(podman inspect -f '{{.State.Running}}' "$name") == true ]] \
      || fail "$name has ended: $(podman logs --tail 1 "$name" 2>&1)"
    sleep 0.1
  done
  fail "$name was not ready after $patience seconds"
}

complete() {
  curl -sS -m 60 "http://127.0.0.1:$1/v1/completions" -H 'Content-Type: application/json' \
    -d "{\"prompt\": \"Once upon a time\", \"max_tokens\": $2, \"ignore_eos\": true, \"stream\": $3}" "${@:4}"
}

# The values of a metric, added up: metric PORT NAME [WHAT ITS LABELS MUST HAVE]
metric() {
  curl -s "http://127.0.0.1:$1/metrics" | awk -v name="$2" -v labels="${3:-}" '
    index($0, name) == 1 && substr($0, length(name) + 1, 1) ~ /[ {]/ && index($0, labels) && $NF >= 0 { sum += $NF }
    END { printf "%d", sum }'
}

# The text of a file of the container's cgroup, by its name in version 2 and in version 1.
cgroup() { podman exec "$1" sh -c "cat /sys/fs/cgroup/$2 2>/dev/null || cat /sys/fs/cgroup/$3"; }

# --- steps ----------------------------------------------------------------------------------------

# Builds $image from the base images of $1 and $2, with further options of buildah.
build() {
  local maven=$1 jre=$2 repository began=$SECONDS
  repository=$(mvn -q -B help:evaluate -Dexpression=settings.localRepository -DforceStdout -o 2>/dev/null) \
    || repository=$HOME/.m2/repository
  # What was built before this, such as by mvn verify, has left all that Maven needs.
  timeout "$build_patience" buildah bud --runtime runc --network host --pull=never --format docker --layers "${@:3}" \
    --build-arg "MAVEN_IMAGE=$maven" --build-arg "JRE_IMAGE=$jre" \
    --build-arg "MAVEN_FLAGS=--offline -Dmaven.repo.local=/repository" -v "$repository:/repository" \
    --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    -t "$image" . >"$work/build.log" 2>&1 || fail "the image cannot be built"
  seen build "in $((SECONDS - began)) s"
}

check_contents() {
  local folder user others architecture
  user=$(podman inspect -f '{{.Config.User}} {{.Config.StopSignal}}' "$image")
  [[ $user == "10001:10001 SIGTERM" ]] || fail "user and stop signal are $user"
  [[ $(podman inspect -f '{{index .Config.Entrypoint 0}}' "$image") == java ]] || fail "the entry point is no exec form"
  [[ $(podman inspect -f '{{.HealthCheck.Test}}' "$image") == *healthcheck.sh* ]] || fail "there is no HEALTHCHECK"
  [[ $(podman inspect -f '{{index .Labels "org.opencontainers.image.revision"}}' "$image") == "$(git rev-parse HEAD 2>/dev/null || echo unknown)" ]] \
    || fail "the label with the revision is wrong"
  folder=$(podman image mount "$image")
  others=$(find "$folder/app" \( -name '*.dylib' -o -name '*.dll' -o -name '*pytorch-native*' \); \
    for jar in "$folder"/app/lib/*.jar; do unzip -l "$jar" | grep -E '\.(so|dylib|dll|jnilib)$' | sed "s|^|$(basename "$jar"):|" || true; done)
  [[ -z $others ]] || fail "native libraries of other platforms, or packed ones, are in the image: $others"
  architecture=$(podman inspect -f '{{.Architecture}}' "$image")
  check_natives "$folder/app/native" "$architecture"
  [[ -z $(find "$folder/app" -perm /022 ! -type l) ]] || fail "files of the program can be written by others"
  seen "image size" "$architecture, $(size "$folder") MB: base $(($(size "$folder") - $(size "$folder/app"))), libtorch and tokenizer $(size "$folder/app/native"), libraries $(size "$folder/app/lib"), program with model $(size "$folder/app/gpt2-server.jar"), start-up cache $(size "$folder/app/gpt2-server.aot")"
  podman image unmount "$image" >/dev/null
}

# Each library is an ELF file for the processor of the image.
check_natives() {
  local library machine found=0
  # e_machine of the ELF header: EM_X86_64, EM_AARCH64.
  case $2 in amd64) machine=" 3e 00" ;; arm64) machine=" b7 00" ;; esac
  for library in "$1"/*.so*; do
    [[ $(od -An -tx1 -N 4 "$library") == " 7f 45 4c 46" && $(od -An -tx1 -j 18 -N 2 "$library") == "$machine" ]] \
      || fail "$(basename "$library") is no library for $2"
    ((++found))
  done
  [[ -f $1/libgpt2kernels.so ]] || fail "there are no kernels"
  ((found >= 9)) || fail "there are only $found native libraries"
  seen natives "$found libraries, all for $2"
}

# Megabytes of 10^6 bytes, as registries count.
size() { du -sx --apparent-size -B 1000000 "$1" | cut -f 1; }

check_start() {
  local name=$1 port=$2 used most
  start "$name" "$port" "${hardened[@]}"
  await_ready "$name" "$port"
  used=$(cgroup "$name" memory.current memory/memory.usage_in_bytes)
  most=$(cgroup "$name" memory.peak memory/memory.max_usage_in_bytes)
  seen start "1 CPU, 1 GB, read-only, user 10001: $(podman logs "$name" 2>&1 | grep -o 'ready after [0-9.]* s'), $((used >> 20)) MiB used, $((most >> 20)) at most"
  [[ $(podman logs "$name" 2>&1 | wc -l) -eq 1 ]] || fail "the start says more than one line"
  [[ $(podman exec "$name" cat /proc/1/status | sed -n 's/^\(CapEff\|NoNewPrivs\):\t*//p' | tr '\n' ' ') == "0000000000000000 1 " ]] \
    || fail "the server has capabilities or may get new privileges"
}

check_limits() {
  local cpus heap
  cpus=$(metric "$1" system_cpu_count)
  heap=$(($(metric "$1" jvm_memory_max_bytes 'area="heap"') >> 20))
  [[ $cpus == 1 ]] || fail "the JVM counts $cpus processors, not 1"
  ((heap > 200 && heap <= 256)) || fail "the heap may grow to $heap MiB, which is not a quarter of 1 GB"
  seen limits "the JVM sees $cpus processor, and 1 GB of which its heap may take $heap MiB"
}

check_prompt() {
  local answer
  answer=$(complete "$1" 12 false)
  [[ $answer == *'"finish_reason":"length"'* && $answer == *'"completion_tokens":12'* ]] || fail "a prompt was answered with $answer"
  answer=${answer#*'"text":"'}
  seen prompt "Once upon a time${answer%%\"*}"
}

check_health_check() {
  local before after
  before=$(podman exec "$1" env SERVER_PORT=1 /app/healthcheck.sh >/dev/null 2>&1; echo $?) || true
  after=$(podman exec "$1" /app/healthcheck.sh >/dev/null 2>&1; echo $?) || true
  [[ $before/$after == 1/0 ]] || fail "the health check ends with $before where nobody listens and with $after where the server does"
  # As the engine runs it, with what the image says.
  podman run -d --name checked --user 10001 "$image" >>"$work/podman.log" 2>&1
  local tries=0
  until podman healthcheck run checked >"$work/healthcheck.log" 2>&1; do
    ((++tries < 90)) || fail "the container does not become healthy"
    sleep 1
  done
  seen HEALTHCHECK "1 where nobody listens, 0 when the server is ready, as the image's own check too"
}

# The container of the step before could write everywhere.
check_writes() {
  local written
  written=$(podman diff checked | grep -v -E '^[AC] /(tmp|run|etc|dev|proc|sys)(/|$)' || true)
  [[ -z $written ]] || fail "the server writes elsewhere than to /tmp: $written"
  seen writes "$(podman diff checked | grep -c -E '^[AC] /tmp/') files and folders in /tmp where it could write everywhere, nothing else"
  podman rm -f -t 0 checked >/dev/null 2>&1
}

# A stream through a proxy: its first token is here while the server still makes the others.
stream_through() {
  local proxy=$1 port=$2 server=$3 line early="" events=0 last="" reads
  while IFS= read -r line; do
    [[ $line == data:* ]] || continue
    ((++events))
    [[ -n $early ]] || early=$(metric "$server" vllm:num_requests_running)
    last=$line
  done < <(complete "$port" 400 true -N --trace-ascii "$work/$proxy.trace")
  [[ $early == 1 ]] || fail "the first token came through $proxy when ${early:-no} requests were running: it is buffered"
  [[ $last == "data: [DONE]" && $events -gt 300 ]] || fail "$events events came through $proxy, the last was $last"
  # Events that a proxy holds back arrive together, 20 to 33 times; those that it passes on, hundreds of times.
  reads=$(grep -c '^<= Recv data' "$work/$proxy.trace")
  ((reads > 60)) || fail "$events events came through $proxy in $reads bursts"
  seen "$proxy" "$events events in $reads pieces: the first while the server was still making the others"
}

check_proxies() {
  local server=$1 nginx_port haproxy_port
  nginx_port=$(free_port)
  sed "s/127.0.0.1:8080/127.0.0.1:$server/; s/127.0.0.1:8000/127.0.0.1:$nginx_port/" docker/nginx.conf >"$work/nginx.conf"
  nginx -q -c "$work/nginx.conf" -e "$work/nginx.log" -g "daemon off; pid $work/nginx.pid;" &
  haproxy_port=$(free_port)
  haproxy_config "$haproxy_port" "$server" 1 >"$work/haproxy-one.cfg"
  haproxy -q -db -f "$work/haproxy-one.cfg" >"$work/haproxy-one.log" 2>&1 &
  sleep 2
  stream_through nginx "$nginx_port" "$server"
  stream_through haproxy "$haproxy_port" "$server"
}

# docker/haproxy.cfg with other ports.
haproxy_config() {
  sed "s/127.0.0.1:8000/127.0.0.1:$1/; s/127.0.0.1:8080/127.0.0.1:$2/; s/127.0.0.1:8081/127.0.0.1:$3/" docker/haproxy.cfg
}

check_term() {
  local name=$1 port=$2 began answered status
  : >"$work/stream.txt"
  # Long enough to run when the signal has arrived and /health is asked.
  complete "$port" '450, "n": 8' true -N >"$work/stream.txt" &
  local client=$!
  until grep -q '^data' "$work/stream.txt"; do sleep 0.05; done
  podman kill -s TERM "$name" >/dev/null
  began=$(date +%s%N)
  answered=200
  while [[ $answered == 200 ]]; do
    answered=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/health" || true)
  done
  [[ $answered == 503 ]] || fail "/health was $answered after SIGTERM"
  wait "$client" || fail "the stream was cut by SIGTERM"
  [[ $(tail -n 2 "$work/stream.txt" | head -n 1) == "data: [DONE]" ]] || fail "the stream did not end: $(tail -n 2 "$work/stream.txt")"
  status=$(timeout 60 podman wait "$name") || fail "the server did not end within 60 seconds of SIGTERM"
  [[ $status == 143 ]] || fail "the exit code after SIGTERM is $status"
  seen SIGTERM "health $answered at once, the running stream went on to its end ($(grep -c '^data' "$work/stream.txt") events), exit code $status after $((($(date +%s%N) - began) / 1000000)) ms"
  podman rm -f "$name" >/dev/null
}

check_out_of_memory() {
  local status
  start small "$(free_port)" "${hardened[@]}" --memory 200m --memory-swap 200m
  status=$(timeout 60 podman wait small) || fail "a server with 200 MB did not end"
  [[ $status == 137 ]] || fail "a server with 200 MB ended with $status, not 137"
  seen "memory limit" "with 200 MB instead of 1 GB it is killed while it starts: exit code $status"
  podman rm -f small >/dev/null
}

check_command() {
  local answer
  answer=$(echo "The king was angry." | podman run -i --rm "${hardened[@]}" --user 10001 --cap-drop=ALL "$image" \
    evaluate - --json 2>"$work/command.log") || fail "a command ended with $?"
  [[ $answer == '{"model":"gpt2-fairytales"'*'}' ]] || fail "a command printed $answer"
  seen commands "evaluate in the container prints its result alone: $(grep -o '"bits_per_byte":[0-9.]*' <<<"$answer")"
}

# What the chart's tests (PodToRunIT) have rendered, else a manifest of the same kind.
manifest() {
  local rendered=target/chart/manifest.yaml
  [[ -f $rendered ]] && { echo "$rendered"; return; }
  echo docker/test/deployment.yaml
}

check_pod() {
  local source port answer
  source=$(manifest) port=$(free_port)
  # Podman knows neither probes by HTTP nor ports in the network of the machine.
  awk -v image="$image" -v port="$port" '
    { match($0, /^ */); indent = RLENGTH }
    skip != "" && (indent > skip || (indent == skip && /^ *- /)) { next }
    { skip = "" }
    /^ *(ports|startupProbe|livenessProbe|readinessProbe|lifecycle):/ { skip = indent; next }
    /^ *image: / { sub(/image: .*/, "image: " image) }
    { gsub(/"8080"/, "\"" port "\""); sub(/port: 8080/, "port: " port); print }' "$source" >"$work/pod.yaml"
  timeout 60 podman kube play --network host "$work/pod.yaml" >"$work/kube.log" 2>&1 9>&- || fail "podman kube play refuses $source"
  local container
  container=$(podman ps -a --format '{{.Names}}' | grep -m 1 server)
  await_ready "$container" "$port"
  for path in /actuator/health/liveness /actuator/health/readiness /health; do
    curl -sf -o /dev/null "http://127.0.0.1:$port$path" || fail "the pod's $path is not 200"
  done
  answer=$(curl -s "http://127.0.0.1:$port/v1/completions" -H 'Content-Type: application/json' \
    -d '{"model": "from-the-config-map", "prompt": "The king", "max_tokens": 4}')
  [[ $answer == *'"completion_tokens":4'* ]] || fail "the pod's ConfigMap is not read: $answer"
  seen "kube play" "$source: ready, probe paths 200, settings from its ConfigMap, a prompt answered"
  podman kube down "$work/pod.yaml" >/dev/null 2>&1 || podman pod rm -af >/dev/null
  podman volume rm -af >/dev/null 2>&1 || true
}

# Asks through the proxy until the file "stop" is there; each answer must be whole.
ask_on() {
  local client=$1 port=$2 streamed text whole
  for ((request = 1; ; request++)); do
    [[ -e $work/stop ]] && return
    streamed=$([[ $((request % 2)) == 0 ]] && echo true || echo false)
    text=$(complete "$port" 24 "$streamed" -N --interface "127.0.0.$((10 + client))" -w '\n%{http_code}' 2>&1) || true
    whole=$([[ $streamed == true ]] && echo 'data: \[DONE\]' || echo '"completion_tokens":24')
    if [[ ${text##*$'\n'} == 200 ]] && grep -q "$whole" <<<"$text"; then echo whole; else echo "lost: $text" | tr '\n' ' '; echo; fi
  done >"$work/client-$client.txt"
}

# Two replicas behind haproxy, each restarted once while eight clients ask.
check_rolling_restart() {
  local ports=() proxy name client clients=() index
  ports=("$(free_port)" "$(free_port)")
  for index in 0 1; do start "replica-$index" "${ports[index]}" "${hardened[@]}"; done
  for index in 0 1; do await_ready "replica-$index" "${ports[index]}"; done
  proxy=$(free_port)
  haproxy_config "$proxy" "${ports[0]}" "${ports[1]}" >"$work/haproxy-two.cfg"
  haproxy -q -db -f "$work/haproxy-two.cfg" >"$work/haproxy-two.log" 2>&1 &
  sleep 3
  for client in {1..8}; do ask_on "$client" "$proxy" & clients+=($!); done
  for index in 0 1; do
    local tries=0
    until (($(metric "${ports[index]}" http_server_requests_seconds_count completions) > 5)); do
      ((++tries < 60)) || fail "haproxy sends no requests to replica-$index"
      sleep 0.5
    done
  done
  for index in 0 1; do
    name=replica-$index
    timeout 60 podman stop -t 45 "$name" >/dev/null || fail "$name does not stop"
    [[ $(podman inspect -f '{{.State.ExitCode}}' "$name") == 143 ]] || fail "$name did not end by itself"
    podman start "$name" >/dev/null
    await_ready "$name" "${ports[index]}"
    # haproxy looks once a second.
    sleep 2
  done
  touch "$work/stop"
  wait "${clients[@]}"
  local whole lost
  whole=$(cat "$work"/client-*.txt | grep -c '^whole') || true
  lost=$(grep -h '^lost' "$work"/client-*.txt || true)
  [[ -z $lost ]] || fail "requests were lost in a rolling restart: $(wc -l <<<"$lost") of $((whole + $(wc -l <<<"$lost"))); one: $(head -n 1 <<<"$lost" | cut -c 1-500)"
  ((whole > 100)) || fail "only $whole requests were made during the rolling restart"
  seen "rolling restart" "2 replicas behind haproxy, 8 clients: $whole requests, half of them streams, none lost"
}

lint() {
  command -v npm >/dev/null || { seen lint "skipped: there is no npm"; return; }
  local lint=(timeout 120 npm exec --yes --)
  if ! "${lint[@]}" dockerfile-utils@0.16.3 lint Dockerfile >"$work/lint.log" 2>&1 \
    || ! "${lint[@]}" dockerfile-utils@0.16.3 lint docker/Dockerfile.cuda >>"$work/lint.log" 2>&1 \
    || ! "${lint[@]}" dclint@3.1.0 -c docker/test/dclint.json docker/compose.yaml >>"$work/lint.log" 2>&1; then
    grep -q -E 'E(AI_AGAIN|NOTFOUND|CONN)|npm error' "$work/lint.log" || fail "a linter complains"
    seen lint "skipped: the linters cannot be had from npm"
    return
  fi
  seen lint "Dockerfile, Dockerfile.cuda and compose.yaml pass dockerfile-utils and dclint"
}

work=$(mktemp -d)
case ${1:-} in
  "" | --arm64) ;;
  *) echo "usage: $0 [--arm64]" >&2; exit 2 ;;
esac
require_machine
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || go_on_without "another run of this script has $cache."
configure_podman
trap clean_up EXIT
trap 'exit 130' INT TERM
port=$(free_port)

make_stand_ins
require_containers
if [[ ${1:-} == --arm64 ]]; then
  test_arm64 "$port"
  seen "all" "passed"
  exit
fi
lint
build "$stand_ins/maven" "$stand_ins/jre"
check_contents
check_start server "$port"
check_limits "$port"
check_prompt "$port"
check_health_check server
check_writes
check_proxies "$port"
check_term server "$port"
check_out_of_memory
check_command
check_pod
check_rolling_restart
check_compose
seen "all" "passed"
