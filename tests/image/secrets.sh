#!/usr/bin/env bash
# Looks for what must never be in an image: keys, databases, kubeconfigs, settings of a developer, the source.
#   tests/image/secrets.sh FOLDER
set -euo pipefail
found=$(find "$1" \( -name '*.pfx' -o -name '*.pem' -o -name '*.key' -o -name '*.db' -o -name '*kubeconfig*' -o -name 'api-token' \
  -o -name '.env*' -o -name '*.cs' -o -name '*.csproj' -o -name 'appsettings.Development.json' -o -name '.git*' \) -print)
[ -z "$found" ] || { printf 'In the image, and should not be:\n%s\n' "$found" >&2; exit 1; }
