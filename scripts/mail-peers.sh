#!/usr/bin/env bash
# Installs what the tests of mail talk to and are judged by: Postfix, swaks, dnsmasq, and dkimpy with aiosmtpd in a
# virtual environment of their own. The servers are started by the tests alone, each with settings and ports of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
for package in postfix:postfix swaks:swaks dnsmasq-base:dnsmasq python3-venv:; do
  name=${package%%:*} program=${package#*:}
  if [ -n "$program" ]; then
    PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null && continue
  else
    python3 -c 'import ensurepip' 2>/dev/null && continue
  fi
  missing+=("$name")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  # RUNLEVEL=1: no package starts a server of its own.
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

venv=target/mail-peers/venv
if ! "$venv/bin/python" -c 'import aiosmtpd, dkim, dns' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement tests/mail-peers.txt
fi
