#!/usr/bin/env bash
# Runs one test in Python that may import what is beside it and in tools/lib.
set -euo pipefail
export PYTHONPATH=$PWD/tools/lib PYTHONDONTWRITEBYTECODE=1
exec python3 "$@"
