#!/usr/bin/env bash
# Installs what is missing, builds banel for this CPU and runs it: tasks/banel.sh reproduce [--quick], --help, ...
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
bash "$root/.ci/setup.sh" native banel
exec "$root/build/native/tasks/banel" "$@"
