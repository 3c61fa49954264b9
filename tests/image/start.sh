#!/usr/bin/env bash
# Starts a built image's root file system and asks it; build-and-start.sh calls this in mount, network and process namespaces of its own.
#   tests/image/start.sh ROOT CONFIG.json
set -euo pipefail
image=$1 config=$2

ip link set lo up
root=$(mktemp -d) data=$(mktemp -d) output=$(mktemp)
user=$((20000 + RANDOM)) group=$((20000 + RANDOM))
process=0
# The mounts go with the namespace; what they cover must not be removed by mistake.
leave() {
  [ "$process" -eq 0 ] || { kill "$process" 2>/dev/null; wait "$process" || true; }
  umount -R -l "$root" && rmdir "$root"
  rm -rf "$data" "$output"
}
trap leave EXIT

# The root as it is in the image, read-only; what a platform adds, and the two places to write.
mount --bind "$image" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o nosuid,noexec,mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount -t tmpfs -o nosuid,nodev tmpfs "$root/tmp"
chmod 1777 "$root/tmp"
chown "$user:$group" "$data"
mount --bind "$data" "$root/data"
mount -o remount,bind,ro "$root"

mapfile -t environment < <(jq -r '.Env[]' "$config")
mapfile -t entrypoint < <(jq -r '.Entrypoint[]' "$config")
mapfile -t health < <(jq -r '.Healthcheck.Test[1:][]' "$config")
[ "$(jq -r '.User' "$config")" != "" ] || { echo "The image names no user." >&2; exit 1; }

# become COMMAND...: this shell becomes the command in the image, with the image's environment and what $with adds, as the user picked.
with=()
become() {
  exec setpriv --no-new-privs -- chroot --userspec="$user:$group" --groups= "$root" \
    /usr/bin/env -i "${environment[@]}" "${with[@]}" /bin/sh -c 'cd /app && exec "$@"' - "$@"
}
fail() { echo "$1" >&2; cat "$output" >&2; exit 1; }
# wait_for ADDRESS: until it answers.
wait_for() {
  for _ in $(seq 600); do
    curl --silent --fail --output /dev/null "$1" && return
    kill -0 "$process" 2>/dev/null || fail "It ended instead of answering $1:"
    sleep 0.1
  done
  fail "No answer from $1:"
}
# stop: asks it to end as an orchestrator does, and wants it gone in order.
stop() {
  kill -s "$(jq -r '.StopSignal // "SIGTERM"' "$config" | sed 's/^SIG//')" "$process"
  wait "$process" || fail "It did not end in order:"
  process=0
}
expect() { # expect WHAT ACTUAL PATTERN
  [[ "$2" =~ $3 ]] || fail "$1: expected $3, got $2"
  echo "  $1: $2"
}
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }

echo "the image's own entry point, as user $user:$group:"
become "${entrypoint[@]}" > "$output" 2>&1 &
process=$!
wait_for http://127.0.0.1:8082/healthz
expect "GET /healthz" "$(curl --silent http://127.0.0.1:8082/healthz)" '^ok$'
expect "its health check exits with" "$( (become "${health[@]}") >/dev/null 2>&1; echo $?)" '^0$'
browser=(curl --silent --header "Accept: text/html")
expect "GET / leads to" "$("${browser[@]}" --output /dev/null --write-out '%{redirect_url}' http://127.0.0.1:8082/)" 'sign-in'
page=$("${browser[@]}" --location http://127.0.0.1:8082/)
expect "the sign-in page has" "$(grep -o '<title>[^<]*' <<<"$page" | head -n 1)" '<title>.+'
mapfile -t assets < <(grep -oE '(href|src)="[^":]+\.(css|js|svg|woff2)[^"]*"' <<<"$page" | sed -E 's/^[a-z]+="//;s/"$//' | sort -u)
for asset in "${assets[@]}"; do
  expect "GET $asset" "$(status "http://127.0.0.1:8082/${asset#/}")" '^200$'
done
expect "GET a package's file" "$(status http://127.0.0.1:8082/_content/MudBlazor/MudBlazor.min.css)" '^200$'
expect "the runner API without a token" "$(status http://127.0.0.1:8082/api/v1/service/none/status)" '^401$'
expect "users of the process" "$(awk '/^Uid:/ {print $2}' "/proc/$process/status")" "^$user$"
expect "what others can reach" "$(ss -Hltn | awk '{print $4}' | grep -v '^127' | tr '\n' ' ')" '^[^ ]*:8082 $'
expect "complaints in the log" "$(grep -ciE 'read-only|permission denied|overriding|unhandled|exception' "$output" || true)" '^0$'
stop
expect "kept in the data folder" "$(find "$data" -type f -printf '%P ' | head -c 300)" 'api-token'

echo "as the official chart starts it, from the data folder that is there now:"
with=(STARHUB_SERVER_API_TOKEN=a-token-for-the-image-test)
become /starhub-bin/starhub deploy runner -l info > "$output" 2>&1 &
process=$!
wait_for http://127.0.0.1:8082/healthz
wait_for http://127.0.0.1:8082/readyz
expect "the runner API with its token" "$(status --request GET --header 'Authorization: Bearer a-token-for-the-image-test' --json '{}' http://127.0.0.1:8082/api/v1/service/none/status)" '^200$'
stop

echo "its log collector:"
with=(STARHUB_SERVER_LOGCOLLECTOR_LOKI_URL=http://127.0.0.1:3100)
become /starhub-bin/starhub deploy logcollector -l info > "$output" 2>&1 &
process=$!
wait_for http://127.0.0.1:8096/healthz
expect "GET /healthz" "$(curl --silent http://127.0.0.1:8096/healthz)" '^ok$'
stop
echo "all is well"
