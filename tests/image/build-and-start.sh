#!/usr/bin/env bash
# Builds the Dockerfile with buildah and starts what came of it as a careful platform would: a read-only root, a user picked at
# random who is not root, no capabilities, a network of its own, and nothing to write to but /data and /tmp. Then asks it what
# an orchestrator, the official chart and a browser ask. Prints what it saw; exits with 1 at the first thing that is wrong.
#
#   tests/image/build-and-start.sh                                   # with stand-in bases made from Debian and the installed SDK
#   SDK_IMAGE=… RUNTIME_IMAGE=… tests/image/build-and-start.sh       # with your own
#   NUGET_PACKAGES=~/.nuget/packages tests/image/build-and-start.sh  # restores from this folder instead of downloading
#
# Needs buildah, jq, curl and iproute2, and mmdebstrap for stand-ins; to be root (or inside "buildah unshare"). BUILDAH_ISOLATION
# and STORAGE_DRIVER are buildah's own: chroot and vfs work where there is nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=localhost/csghub-runner:image-test
options=(--format docker --layers)
if [ -z "${SDK_IMAGE:-}" ] || [ -z "${RUNTIME_IMAGE:-}" ]; then
  SDK_IMAGE=localhost/stand-in/sdk:10.0 RUNTIME_IMAGE=localhost/stand-in/aspnet:10.0
  if ! buildah inspect --type image "$RUNTIME_IMAGE" >/dev/null 2>&1 || ! buildah inspect --type image "$SDK_IMAGE" >/dev/null 2>&1; then
    tests/image/stand-in-bases.sh "$SDK_IMAGE" "$RUNTIME_IMAGE"
  fi
  options+=(--pull-never)
fi
[ -z "${NUGET_PACKAGES:-}" ] || options+=(--volume "$(readlink -f "$NUGET_PACKAGES"):/nuget" --build-arg NUGET_PACKAGES=/nuget)

buildah build "${options[@]}" --build-arg "SDK_IMAGE=$SDK_IMAGE" --build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE" --tag "$name" .

scratch=$(mktemp -d)
container=$(buildah from --pull-never "$name")
trap 'buildah rm "$container" >/dev/null; rm -rf "$scratch"' EXIT
buildah inspect --type image "$name" | jq '.Docker.config' > "$scratch/config.json"
root=$(buildah mount "$container")

echo "size:"
for folder in /usr/share/dotnet /app /; do printf '  %-18s %s MB\n' "$folder" "$(du -xsm "$root$folder" | cut -f 1)"; done
tests/image/secrets.sh "$root/app"

unshare --mount --net --pid --fork --mount-proc --kill-child tests/image/start.sh "$root" "$scratch/config.json"
