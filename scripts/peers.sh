#!/usr/bin/env bash
# Installs what the measurements stand beside: Redis, NATS and uWebSockets. A peer that cannot be had is named and left
# out; the measurement then shows it as missing. Run by `make bench`.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
for package in redis-server:redis-server nats-server:nats-server libuv1:; do
  name=${package%%:*} program=${package#*:}
  if [ -n "$program" ]; then
    PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null && continue
  else
    dpkg -s "$name" >/dev/null 2>&1 && continue
  fi
  missing+=("$name")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  # The servers are started by the measurements alone, each with settings and a core of its own.
  { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
    echo "peers: not installed: ${missing[*]}; figures beside them stay open" >&2
fi

venv=target/peers/venv
if ! "$venv/bin/python" -c 'import socketify' 2>/dev/null; then
  { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --requirement benches/peers/requirements.txt &&
    "$venv/bin/python" -c 'import socketify'; } ||
    { rm -rf "$venv"; echo "peers: no uWebSockets; figures beside it stay open" >&2; }
fi
