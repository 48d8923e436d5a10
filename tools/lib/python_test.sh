#!/usr/bin/env bash
# Runs one test in Python that may import what is in tools/lib and beside it.
set -euo pipefail
PYTHONPATH=$PWD/tools/lib:$PWD/$(dirname "$1")
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
exec python3 "$@"
