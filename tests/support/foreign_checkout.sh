#!/usr/bin/env bash
# A script that assembles from Go modules works in a checkout that belongs to another account, where git answers nothing
# and Go would give up for want of a revision to write into the program.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
probe=$work/checkout/playbooks/probe
mkdir -p "$probe/module"
cp -r "$root/playbooks/lib" "$work/checkout/playbooks/lib"
printf 'module probe\n\ngo 1.24\n' >"$probe/module/go.mod"
printf 'package main\n\nfunc main() {}\n' >"$probe/module/main.go"
cat >"$probe/assemble" <<'END'
#!/usr/bin/env bash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/assemble.sh"
. "$here/../lib/assemble-go.sh"
assemble_begin "v1" "$@"
go_begin
go_build probe "$here/module" "" "" ./...
cp "$go_bin/probe" "$output"
END
chmod 755 "$probe/assemble"
cd "$work/checkout"
git init -q .
git add .
git -c user.name=probe -c user.email=probe@localhost commit -qm probe
chown -R nobody .
if git rev-parse HEAD >/dev/null 2>&1; then
    echo "git answers in a checkout of another account: this test would show nothing" >&2
    exit 1
fi
# What the account has set for Go (`go env -w`) must not help.
GOENV=off GOFLAGS='' TIDELAB_CACHE=$work/cache "$probe/assemble" v1 "$work/probe.out" || {
    echo "it does not assemble in a checkout of another account" >&2
    exit 1
}
"$work/probe.out"
