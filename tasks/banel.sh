#!/usr/bin/env bash
# Installs what is missing, builds banel for this CPU and runs it: tasks/banel.sh reproduce [--quick], --help,
# ...
set -euo pipefail
root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
bash "$root/.ci/setup.sh" native banel
exec "$root/build/native/tasks/banel" "$@"
