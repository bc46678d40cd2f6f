# Steps of docker/test-images.sh --arm64: the image for linux/arm64 on an x86-64 machine, whose kernel starts
# the programs of the other processor with Debian's qemu-user-static.
# shellcheck shell=bash disable=SC2034,SC2154

formats=/proc/sys/fs/binfmt_misc

require_emulation() {
  local rule=/usr/lib/binfmt.d/qemu-aarch64.conf
  [[ $(dpkg --print-architecture) == amd64 ]] \
    || go_on_without "--arm64 is for an amd64 machine; without it the image of this machine's kind is tested."
  [[ -e $formats/qemu-aarch64 ]] && return
  if [[ ! -e $formats/register ]]; then
    mount -t binfmt_misc binfmt_misc "$formats" 2>"$work/binfmt.log" \
      || go_on_without "the kernel cannot be told of other processors' programs: $(tail -n 1 "$work/binfmt.log")"
    mounted=true
  fi
  { cat "$rule" >"$formats/register"; } 2>"$work/binfmt.log" \
    || go_on_without "the kernel does not take $rule: $(tail -n 1 "$work/binfmt.log")"
  registered=true
}

end_emulation() {
  [[ -z ${registered:-} ]] || echo -1 >"$formats/qemu-aarch64"
  [[ -z ${mounted:-} ]] || umount "$formats"
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

# What a server writes without chance, with the probabilities.
write_greedily() {
  curl -sS -m 300 "http://127.0.0.1:$1/v1/completions" -H 'Content-Type: application/json' \
    -d '{"prompt": "Once upon a time, there was a", "max_tokens": 40, "temperature": 0, "logprobs": 1}'
}

# Each platform's server in turn, and whether they write the same.
compare_with_amd64() {
  local port=$1 kind status difference
  for kind in amd64 arm64; do
    [[ $kind == amd64 ]] && image=$amd64_image || image=$arm64_image
    start "$kind" "$port" "${hardened[@]}" --cpus 2 --memory 2g --memory-swap 2g
    await_ready "$kind" "$port"
    write_greedily "$port" >"$work/$kind.json"
    podman exec "$kind" /app/healthcheck.sh >"$work/healthcheck.log" 2>&1 || fail "the health check of $kind fails"
    timeout 90 podman stop -t 60 "$kind" >/dev/null || fail "$kind does not stop"
    status=$(podman inspect -f '{{.State.ExitCode}}' "$kind")
    [[ $status == 143 ]] || fail "$kind ended with $status"
    seen "$kind" "$(podman logs "$kind" 2>&1 | grep -o 'ready after [0-9.]* s'), answers, health check 0, exit code $status after SIGTERM"
  done
  [[ $(jq '.usage.completion_tokens' "$work/arm64.json") == 40 ]] || fail "arm64 answered $(cat "$work/arm64.json")"
  [[ $(jq '.choices[0].text' "$work/arm64.json") == "$(jq '.choices[0].text' "$work/amd64.json")" ]] \
    || fail "arm64 writes $(jq '.choices[0].text' "$work/arm64.json"), amd64 $(jq '.choices[0].text' "$work/amd64.json")"
  difference=$(jq -s '[.[].choices[0].logprobs.token_logprobs] | transpose | map(.[0] - .[1] | fabs) | max' \
    "$work/amd64.json" "$work/arm64.json")
  jq -e -n "$difference == 0" >/dev/null || fail "log-probabilities on arm64 are off by $difference"
  seen "same bits" "40 tokens without chance, and their log-probabilities, are the same on both"
}

test_arm64() {
  local port=$1 amd64_image=$image arm64_image=$image-arm64
  require_emulation
  build "$stand_ins/maven" "$stand_ins/jre"
  check_contents
  make_base "$stand_ins/jre-arm64" arm64
  relabel_maven
  seen "base of arm64" "runs a $(podman run --rm --arch arm64 "$stand_ins/jre-arm64" uname -m 2>"$work/first.log") program"
  image=$arm64_image
  build "$stand_ins/maven-arm64" "$stand_ins/jre-arm64" --platform linux/arm64
  check_contents
  # Emulated.
  patience=400
  compare_with_amd64 "$port"
}
