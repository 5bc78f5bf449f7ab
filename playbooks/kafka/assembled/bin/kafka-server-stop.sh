#!/usr/bin/env bash
# tidelab's own. Stops the brokers that run from this tree and no others, unlike
# the official script, which stops every broker of the machine.
set -u

base=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
found=
for dir in /proc/[0-9]*; do
    args=$({ tr '\0' '\n' <"$dir/cmdline"; } 2>/dev/null) || continue
    # The class path entry and the class, each a whole argument.
    if grep -qxF kafka.Kafka <<<"$args" && grep -qF -- "$base/libs/*" <<<"$args"; then
        found=1
        kill -s "${SIGNAL:-TERM}" "${dir#/proc/}"
    fi
done
if [ -z "$found" ]; then
    echo "No kafka server to stop"
    exit 1
fi
