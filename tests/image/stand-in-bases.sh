#!/usr/bin/env bash
# Makes two local images that stand in for the Dockerfile's bases where those cannot be pulled: Debian's own packages, as its
# sources are configured on this machine, with the .NET SDK that is installed here. They have what the real ones promise to
# an image made from them: the programs, the variables, and the user that APP_UID names.
#
#   tests/image/stand-in-bases.sh SDK_NAME RUNTIME_NAME
#
# Needs buildah and mmdebstrap, and to be root (or inside "buildah unshare").
set -euo pipefail
sdk_name=${1:?the name of the SDK image} runtime_name=${2:?the name of the runtime image}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
installed=$(dirname "$(readlink -f "$(command -v dotnet)")")
# shellcheck disable=SC1091 # it is the machine's own description
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
sources=()
for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  [ ! -s "$file" ] || { sources=("$file"); break; }
done
icu=$(apt-cache pkgnames libicu | grep -E '^libicu[0-9]+$' | sort -V | tail -n 1)
ssl=$(apt-cache pkgnames libssl3 | grep -E '^libssl3(t64)?$' | sort | head -n 1)
mmdebstrap --quiet --variant=minbase --include="ca-certificates,libstdc++6,tzdata,$icu,$ssl" "$release" "$scratch/debian.tar" "${sources[@]}"

# image NAME FOLDER...: Debian with the given folders of the installation, under /usr/share/dotnet.
image() {
  local name=$1 work root
  shift
  work=$(buildah from scratch)
  buildah add --quiet "$work" "$scratch/debian.tar" / >/dev/null
  root=$(buildah mount "$work")
  mkdir -p "$root/usr/share/dotnet"
  (cd "$installed" && cp -a --parents "$@" "$root/usr/share/dotnet/")
  ln -s /usr/share/dotnet/dotnet "$root/usr/bin/dotnet"
  # Trusts whom this machine trusts: its package source may be reached through a proxy of its own.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  chroot "$root" groupadd --gid=1654 app
  chroot "$root" useradd --uid=1654 --gid=1654 --create-home --shell=/bin/sh app
  buildah unmount "$work" >/dev/null
  buildah config --env APP_UID=1654 --env ASPNETCORE_HTTP_PORTS=8080 --env DOTNET_RUNNING_IN_CONTAINER=true \
    --env DOTNET_NOLOGO=true --env DOTNET_CLI_TELEMETRY_OPTOUT=1 --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --cmd /bin/sh "$work"
  buildah commit --quiet --format docker --rm "$work" "$name" >/dev/null
}

image "$runtime_name" dotnet host shared
image "$sdk_name" dotnet host shared packs sdk sdk-manifests templates
