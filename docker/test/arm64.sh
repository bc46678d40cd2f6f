# Steps of docker/test-images.sh --arm64: the image for linux/arm64 on an x86-64 machine, whose kernel starts
# the programs of the other processor with QEMU.
# shellcheck shell=bash disable=SC2034,SC2154

formats=/proc/sys/fs/binfmt_misc
# What Java's second compiler gains, it costs several times over where a processor is emulated.
emulated_java="-XX:TieredStopAtLevel=1"

# QEMU is that of the base images' release: it takes two thirds of the time that Debian 12's does.
require_emulation() {
  local folder rule=$work/qemu.conf
  [[ $(dpkg --print-architecture) == amd64 ]] \
    || go_on_without "--arm64 is for an amd64 machine; without it the image of this machine's kind is tested."
  [[ ! -e $formats/qemu-aarch64 ]] \
    || go_on_without "this machine's kernel has an emulator of its own for arm64: $(sed -n 's/^interpreter //p' "$formats/qemu-aarch64")"
  mkdir -p "$work/qemu-image"
  cat >"$work/qemu-image/Containerfile" <<EOF
FROM $stand_ins/jre
RUN apt-get -q update && apt-get -q install -y --no-install-recommends qemu-user
EOF
  make_stand_in qemu || go_on_without "QEMU cannot be had: $(tail -n 1 "$work/qemu-image.log")"
  folder=$(podman image mount "$stand_ins/qemu")
  cp "$folder/usr/bin/qemu-aarch64" "$work/qemu-aarch64"
  # The kernel opens the program now, for containers have none at that path.
  sed "s|:[^:]*:\([A-Z]*\)\$|:$work/qemu-aarch64:\1|" "$folder/usr/share/qemu/binfmt.d/qemu-aarch64.conf" >"$rule"
  podman image unmount "$stand_ins/qemu" >/dev/null
  if [[ ! -e $formats/register ]]; then
    mount -t binfmt_misc binfmt_misc "$formats" 2>"$work/binfmt.log" \
      || go_on_without "the kernel cannot be told of other processors' programs: $(tail -n 1 "$work/binfmt.log")"
    mounted=true
  fi
  { cat "$rule" >"$formats/register"; } 2>"$work/binfmt.log" \
    || go_on_without "the kernel does not take $(cat "$rule"): $(tail -n 1 "$work/binfmt.log")"
  registered=true
}

end_emulation() {
  [[ -z ${registered:-} ]] || echo -1 >"$formats/qemu-aarch64"
  [[ -z ${mounted:-} ]] || umount "$formats"
}

# A Debian for arm64 with a Java, unpacked and not configured: its packages' scripts would run for many
# minutes, or fail. What they would leave and the image needs is made here: users, Java's name, certificates,
# which are those of the base of this machine's kind.
make_arm64_base() {
  local mirror root=$work/root package file certificates
  podman image exists "$stand_ins/jre-arm64" && return
  find_mirror
  timeout 600 debootstrap --foreign --arch=arm64 --variant=minbase "--include=$base_packages" \
    "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 \
    || go_on_without "debootstrap could not get a base image: $(tail -n 1 "$work/debootstrap.log")"
  for package in "$root"/var/cache/apt/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/debootstrap
  # A link to that of this machine.
  [[ ! -L $root/proc ]] || { rm "$root/proc"; mkdir "$root/proc"; }
  for file in passwd group; do cp "$root/usr/share/base-passwd/$file.master" "$root/etc/$file"; done
  ln -s "../lib/jvm/java-$java_version-openjdk-arm64/bin/java" "$root/usr/bin/java"
  certificates=$(podman image mount "$stand_ins/jre")/etc/ssl/certs
  cp -a "$certificates/." "$root/etc/ssl/certs/"
  podman image unmount "$stand_ins/jre" >/dev/null
  tar -C "$root" -c . | podman import -q --arch arm64 - "$stand_ins/jre-arm64" >/dev/null
  rm -rf "$root"
}

# The stand-in to build in, as buildah finds it for another platform: Debian 12's leaves the
# `--platform=$BUILDPLATFORM` of a FROM out of account and looks for an image of the target's platform. The
# programs inside are those of this machine, as the Dockerfile wants them.
relabel_maven() {
  local container
  podman image exists "$stand_ins/maven-arm64" && return
  container=$(buildah from --pull-never "$stand_ins/maven")
  buildah config --arch arm64 "$container"
  buildah commit -q "$container" "$stand_ins/maven-arm64" >/dev/null
  buildah rm "$container" >/dev/null
}

# Builds on this machine have not left the libtorch of another platform, and Maven is offline in the image's.
fetch_libtorch() {
  local version
  version=$(sed -n 's|.*<libtorch.version>\(.*\)</libtorch.version>.*|\1|p' pom.xml)
  mvn -q -B dependency:get -Dtransitive=false \
    "-Dartifact=ai.djl.pytorch:pytorch-native-cpu:$version:jar:linux-aarch64" >"$work/libtorch.log" 2>&1 \
    || go_on_without "Maven cannot get libtorch $version for linux-aarch64: $(tail -n 1 "$work/libtorch.log")"
}

# Options for a container of a kind: `amd64`, or a processor that QEMU emulates.
container_options() {
  options=(--cpus 2 --memory 2g --memory-swap 2g)
  [[ $1 == amd64 ]] || options+=(--env "QEMU_CPU=$1" --env "JAVA_TOOL_OPTIONS=$emulated_java")
}

image_for() { [[ $1 == amd64 ]] && image=$amd64_image || image=$arm64_image; }

# Requests whose answers are all numbers and text without chance. Order matters to what is cached.
ask_everything() {
  local port=$1 folder=$2 name path body
  mkdir -p "$folder"
  while read -r name path body; do
    curl -sS -m 600 "http://127.0.0.1:$port$path" -H 'Content-Type: application/json' -d "$body" \
      | jq -S 'del(.id, .created)' >"$folder/$name.json" || fail "no answer to $name"
    jq -e 'has("error") | not' "$folder/$name.json" >/dev/null || fail "$name: $(cat "$folder/$name.json")"
  done <<'EOF'
greedy /v1/completions {"prompt": "Once upon a time, there was a", "max_tokens": 40, "temperature": 0, "logprobs": 5}
drawn /v1/completions {"prompt": "The king was very", "max_tokens": 40, "temperature": 0.9, "top_p": 0.95, "seed": 7, "logprobs": 5}
mirostat /v1/completions {"prompt": "The old woman", "max_tokens": 20, "mirostat": 2, "seed": 7, "logprobs": 5}
beams /v1/completions {"prompt": "The old woman", "max_tokens": 16, "temperature": 0, "use_beam_search": true, "n": 3}
next /v1/next-token {"prompt": "The king was very", "top_k": 50}
draws /v1/next-token {"prompt": "The king was very", "top_k": 50, "sampling": {"temperature": 0.8, "top_p": 0.9, "typical_p": 0.95}}
score /v1/score {"prompt": "The king was very", "continuations": [" angry", " happy", " tired of the long war"]}
embeddings /v1/embeddings {"input": "The king was very angry."}
similar /v1/most-similar {"positive": [" queen", " man"], "negative": [" king"], "top_k": 50}
inspect /v1/inspect {"prompt": "The king was very", "targets": [" angry", " happy"], "attribution": true}
EOF
}

# A server of a kind and of a type of weights, and its answers.
try_server() {
  local kind=$1 type=$2 kernels=$3 port=$4 name="$1-$2" options status used
  container_options "$kind"
  image_for "$kind"
  start "$name" "$port" "${hardened[@]}" "${options[@]}" -- "--gpt2.dtype=$type"
  await_ready "$name" "$port"
  used=$(podman logs "$name" 2>&1 | grep -o "$type, cpu, .* kernels" | sed 's/.* \(.*\) kernels/\1/') || true
  # shellcheck disable=SC2053
  [[ $used == $kernels ]] || fail "$name does not compute in $type with the kernels $kernels"
  ask_everything "$port" "$work/$name"
  podman exec "$name" /app/healthcheck.sh >"$work/healthcheck.log" 2>&1 || fail "the health check of $name fails"
  timeout 660 podman stop -t 600 "$name" >/dev/null || fail "$name does not stop"
  status=$(podman inspect -f '{{.State.ExitCode}}' "$name")
  [[ $status == 143 ]] || fail "$name ended with $status"
  seen "$kind" "$type, $used kernels, $(podman logs "$name" 2>&1 | grep -o 'ready after [0-9.]* s'), answers, health check 0, exit code $status after SIGTERM"
  podman rm -f -t 0 "$name" >/dev/null
}

# A command of a kind and of a type of weights: what it says of a text, in all digits.
try_command() {
  local kind=$1 type=$2 options
  container_options "$kind"
  image_for "$kind"
  podman run --rm -i --user 10001 --no-healthcheck "${options[@]}" "$image" \
    evaluate - --json "--gpt2.dtype=$type" <src/main/resources/gpt2/sample.txt 2>"$work/$kind-$type.log" \
    | jq -S 'del(.seconds, .tokens_per_second)' >"$work/$kind-$type.json" || fail "the command of $kind fails in $type"
  [[ $(jq '.scored_tokens > 100' "$work/$kind-$type.json") == true ]] \
    || fail "the command of $kind evaluated $(cat "$work/$kind-$type.json")"
}

# A server and commands of both platforms, which must answer the same in all digits. QEMU's processor `max` has
# instructions for dot products and takes the kernels `neondot`, `a64fx` has none and takes `neon`.
compare_with_amd64() {
  local port=$1 type processor
  try_server amd64 float32 '*' "$port"
  try_server max float32 neondot "$port"
  diff -r "$work/amd64-float32" "$work/max-float32" >"$work/difference.log" \
    || fail "the answers of arm64 are not those of amd64"
  seen "same bits" "$(find "$work/max-float32" -name '*.json' | wc -l) answers of servers in float32"
  while read -r processor type; do
    [[ -s $work/amd64-$type.json ]] || try_command amd64 "$type"
    try_command "$processor" "$type"
    diff "$work/amd64-$type.json" "$work/$processor-$type.json" >"$work/difference.log" \
      || fail "what arm64 says of a text in $type, on $processor, is not what amd64 says"
    seen "same bits" "evaluate in $type on $processor: $(jq '"\(.log_likelihood) for \(.scored_tokens) tokens"' "$work/$processor-$type.json")"
  done <<'EOF'
a64fx int8
max int8
a64fx bfloat16
EOF
}

test_arm64() {
  local port=$1 amd64_image=$image arm64_image=$image-arm64
  require_emulation
  build "$stand_ins/maven" "$stand_ins/jre"
  check_contents
  make_arm64_base
  relabel_maven
  fetch_libtorch
  seen "base of arm64" "runs a $(podman run --rm --arch arm64 "$stand_ins/jre-arm64" uname -m 2>"$work/first.log") program"
  image=$arm64_image
  # A start takes minutes. To record it would take more of them than there is to gain.
  patience=1200 build_patience=2400
  build "$stand_ins/maven-arm64" "$stand_ins/jre-arm64" --platform linux/arm64 \
    --build-arg "JAVA_TOOL_OPTIONS=$emulated_java" --build-arg TRAINING_COMMAND=--version
  check_contents
  compare_with_amd64 "$port"
}
