#!/usr/bin/env bash
# Installs Debian's Chromium and fonts for Japanese, where they are missing: the browser tests drive it.
set -euo pipefail
command -v chromium >/dev/null && exit 0
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
  chromium fonts-noto-cjk fonts-noto-color-emoji
