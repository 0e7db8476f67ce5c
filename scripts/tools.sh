#!/usr/bin/env bash
# Installs what the tests need and a machine with Rust may not have.
set -euo pipefail
command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
