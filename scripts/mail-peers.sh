#!/usr/bin/env bash
# Installs what the tests of mail talk to and are judged by: Postfix, swaks with TLS, dnsmasq, and dkimpy with aiosmtpd in
# a virtual environment of their own. The servers are started by the tests alone, each with settings and ports of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
needs() { # package, and what works once it is there
  local package=$1
  shift
  PATH="$PATH:/usr/sbin:/sbin" "$@" >/dev/null 2>&1 || missing+=("$package")
}
needs postfix command -v postfix
needs swaks command -v swaks
needs libnet-ssleay-perl perl -MNet::SSLeay -e 1
needs dnsmasq-base command -v dnsmasq
needs python3-venv python3 -c 'import ensurepip'
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
  "$venv/bin/pip" install --quiet --requirement tests/peers/requirements.txt
fi
