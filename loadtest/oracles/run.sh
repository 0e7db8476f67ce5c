#!/usr/bin/env bash
# LINE's own SDKs judge the double of its platform: one for Python, one for Node. The library of Standard Webhooks judges the
# server's signatures.
#
#   loadtest/oracles/run.sh
#
# Exit code 0: all checks passed, or were skipped with a visible SKIP because python3 or node is not there.
# LOADTEST_BIN names a built `loadtest`, SERVER_BIN a built `madoguchi`; without them the script builds them. Everything is installed under
# target/oracles/ and found again by the next run.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
home="$target/oracles"
mkdir -p "$home"

if [ -z "${LOADTEST_BIN:-}" ]; then
  (cd "$root" && cargo build --quiet -p madoguchi-loadtest --bin loadtest)
  LOADTEST_BIN="$target/debug/loadtest"
fi

if [ -z "${SERVER_BIN:-}" ]; then
  (cd "$root" && cargo build --quiet -p madoguchi-web --bin madoguchi)
  SERVER_BIN="$target/debug/madoguchi"
fi

double=""
trap '[ -z "$double" ] || kill "$double" 2>/dev/null || true' EXIT

# Starts a double on free ports of its own and sets API and DATA.
start_double() {
  local addresses="$home/addresses.$$"
  rm -f "$addresses"
  mkfifo "$addresses"
  "$LOADTEST_BIN" line-double >"$addresses" &
  double=$!
  local line
  read -r line <"$addresses"
  rm -f "$addresses"
  API="$(sed -E 's/.*"api":"([^"]+)".*/\1/' <<<"$line")"
  DATA="$(sed -E 's/.*"data":"([^"]+)".*/\1/' <<<"$line")"
  export API DATA
}

# Starts a server on a free port with a folder of its own, and sets SERVER and PASSWORD.
start_server() {
  local folder="$home/server.$$"
  rm -rf "$folder"
  mkdir -p "$folder"
  PASSWORD="correct horse $RANDOM $RANDOM"
  printf '%s\n' "$PASSWORD" | "$SERVER_BIN" user add --data-dir "$folder/data" --login owner --role owner >"$home/server.log" 2>&1
  mkfifo "$folder/address"
  "$SERVER_BIN" serve --data-dir "$folder/data" --listen 127.0.0.1:0 >"$folder/address" 2>>"$home/server.log" &
  double=$!
  local line
  read -r line <"$folder/address"
  SERVER="${line#listening }"
  export SERVER PASSWORD
}

stop_server() {
  stop_double
  rm -rf "$home/server.$$"
}

stop_double() {
  kill "$double"
  wait "$double" 2>/dev/null || true
  double=""
}

# Whether what is installed was installed from the same list. $1: the list, $2: the mark left by the last time.
installed() { cmp --silent "$1" "$2"; }

make_venv() {
  rm -rf "$home/venv"
  python3 -m venv "$home/venv" >"$home/venv.log" 2>&1 && return
  # Debian ships venv as a package of its own.
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    rm -rf "$home/venv"
    python3 -m venv "$home/venv" && return
  fi
  cat "$home/venv.log" >&2
  return 1
}

run_python() {
  if ! command -v python3 >/dev/null; then
    echo "SKIP oracle python: there is no python3 on this machine"
    return
  fi
  if ! installed "$here/requirements.txt" "$home/requirements.installed"; then
    rm -f "$home/requirements.installed"
    make_venv
    "$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$home/requirements.installed"
  fi
  "$home/venv/bin/python" "$here/rendered.py"
  "$home/venv/bin/python" "$here/fixtures.py"
  start_double
  "$home/venv/bin/python" "$here/oracle.py"
  stop_double
}

run_node() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "SKIP oracle node: there is no node with npm on this machine"
    return
  fi
  if ! installed "$here/package.json" "$home/node/package.installed"; then
    rm -rf "$home/node"
    mkdir -p "$home/node"
    cp "$here/package.json" "$home/node/"
    (cd "$home/node" && npm install --silent --no-package-lock --no-audit --no-fund)
    cp "$here/package.json" "$home/node/package.installed"
  fi
  # What the engine sends has the types that the SDK wants; a field too much is an error of the compiler.
  {
    echo 'import type { messagingApi } from "@line/bot-sdk";'
    echo 'export const rendered: messagingApi.Message[] ='
    cat "$here/rendered.json"
  } >"$home/node/rendered.ts"
  (cd "$home/node" && npx --no-install tsc --noEmit --strict --skipLibCheck --module nodenext --target es2022 rendered.ts)
  echo "oracle node: the compiler takes every rendered message"
  # Node looks for packages beside the script.
  cp "$here/oracle.mjs" "$here/webhooks.mjs" "$home/node/"
  start_double
  node "$home/node/oracle.mjs"
  stop_double
  start_server
  node "$home/node/webhooks.mjs"
  stop_server
}

run_python
run_node
