# shellcheck shell=bash
# For the `assemble` scripts whose component is built from Go modules; sourced
# after assemble.sh, which has the contract and the exit codes.
#
# The binaries of one module are built together, once, into a cache of their
# own: tidb-server, cdc and the stand-in for TiKV share most of their packages,
# and building them apart would cost each its own listing and links.

# What go.mod needs (its `tool` lines).
go_least=24

go_job=

# A build goes on without its script otherwise, with nobody to say so.
trap '[ -z "$go_job" ] || kill "$go_job" 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# go_begin checks the tools and sets the environment of every go command.
go_begin() {
    local v
    need tar gzip flock sha256sum
    command -v go >/dev/null || fail 3 "missing tool: go (1.$go_least or newer)"
    # No other toolchain is fetched, and no go.work around the module matters.
    export GOTOOLCHAIN=local GOWORK=off
    v=$(go env GOVERSION)
    case $v in
        go1.*)
            v=${v#go1.}
            v=${v%%[!0-9]*}
            [ "$v" -ge "$go_least" ] || fail 3 "go is too old: $(go env GOVERSION), needs 1.$go_least or newer"
            ;;
    esac
    mkdir -p "$cache/go-bin" "$scratch/tmp"
    export GOTMPDIR=$scratch/tmp
}

# go_lock: two builds at once would only compete, and compile what they share twice.
go_lock() {
    local since=$SECONDS
    exec 9>"$cache/go-build.lock"
    flock -n 9 && return
    say "waiting for another Go build"
    until flock -w 15 9; do
        say "waiting for another Go build, $(go_clock $((SECONDS - since)))"
    done
}

go_unlock() { exec 9>&-; }

go_clock() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }

# go_run CODE WHAT NOUN PATTERN COMMAND... runs a long command with a line every
# few seconds: how many lines of its stderr match PATTERN, and the time. When it
# fails, the end of its stderr is shown and the script ends with CODE.
go_run() {
    local code=$1 what=$2 noun=$3 pattern=$4 since=$SECONDS log=$scratch/go.log next=10 n
    shift 4
    "$@" 2>"$log" >"$scratch/go.out" </dev/null &
    go_job=$!
    while kill -0 "$go_job" 2>/dev/null; do
        sleep 1
        [ $((SECONDS - since)) -ge "$next" ] || continue
        next=$((next + 10))
        n=$(grep -c "$pattern" "$log") || true
        say "$what: $n $noun, $(go_clock $((SECONDS - since)))"
    done
    if wait "$go_job"; then
        go_job=
        n=$(grep -c "$pattern" "$log") || true
        say "$what: $n $noun, done in $(go_clock $((SECONDS - since)))"
        return
    fi
    go_job=
    say "assemble: $what failed; the last lines of go were:"
    grep -v "$pattern" "$log" | tail -n 15 | sed 's/^/  /' >&2
    exit "$code"
}

# go_build SET MODULE-DIR LDFLAGS TAGS PACKAGE... sets go_bin to a folder that
# has the packages' binaries, built now or before.
go_build() {
    local set=$1 dir=$2 ldflags="-s -w $3" tags=$4 digest
    shift 4
    # Whatever can change the binaries; the tests cannot.
    digest=$({
        printf '%s\n' "$(go env GOVERSION GOOS GOARCH CGO_ENABLED GOFLAGS)" "$ldflags" "$tags" "$@"
        find "$dir" -maxdepth 1 \( -name go.mod -o -name go.sum -o -name '*.go' \) ! -name '*_test.go' -print0 |
            sort -z | xargs -0 cat
    } | sha256sum | cut -c1-16)
    go_bin=$cache/go-bin/$set-$digest
    [ ! -d "$go_bin" ] || { say "the binaries of this module are there already"; return 0; }
    go_lock
    if [ ! -d "$go_bin" ]; then
        cd "$dir"
        # Listing fetches the modules that are needed and no others. Apart from
        # the build, so that a refused download is not taken for broken code.
        go_run 4 "go modules" "fetched" '^go: downloading ' \
            go list -mod=readonly -buildvcs=false -deps -tags "$tags" "$@"
        say "go build: $(wc -l <"$scratch/go.out") packages to look at; minutes when cold"
        rm -rf "$go_bin.part"
        mkdir "$go_bin.part"
        go_run 1 "go build" "packages compiled" '^[a-zA-Z0-9_./-]*$' \
            go build -v -mod=readonly -buildvcs=false -trimpath -tags "$tags" -ldflags "$ldflags" -o "$go_bin.part/" "$@"
        cd "$OLDPWD"
        mv "$go_bin.part" "$go_bin"
    fi
    go_unlock
}

# go_coordinates BINARY MODULE... prints what the linker recorded.
go_coordinates() {
    local bin=$1 m
    shift
    go version -m "$bin" >"$scratch/buildinfo"
    for m in "$@"; do
        awk -v m="$m" '($1 == "dep" || $1 == "mod") && $2 == m { print "  " $2 " " $3 }' "$scratch/buildinfo"
    done
    printf '  built with %s\n' "$(sed -n '1s/.*: //p' "$scratch/buildinfo")"
}

# go_pack BUILT-NAME NAME MODULES LINE... writes the archive: NAME at the top, as in TiUP's archives, and
# ASSEMBLED.txt with the modules' versions and the remarks.
go_pack() {
    local built=$1 name=$2 modules=$3 tree=$scratch/tree zip=(gzip -n -1) remarks
    shift 3
    remarks=$(printf '%s\n' "$@")
    mkdir -p "$tree"
    install -m 755 "$go_bin/$built" "$tree/$name"
    # shellcheck disable=SC2086 # a list of words
    {
        printf '%s %s\n\n' "$name" "$version"
        printf '%s\n' "$remarks" '' \
            'It was assembled from Go modules by their ordinary client, as packages of a' \
            'main module of tidelab. It is not a release of the project, nor its archive.' '' 'Built from:'
        go_coordinates "$tree/$name" $modules
        printf '\nFiles (sha256):\n'
        (cd "$tree" && sha256sum "$name")
    } >"$tree/ASSEMBLED.txt"
    ! command -v pigz >/dev/null || zip=(pigz -n -1)
    say "packing $(megabytes "$tree") MB"
    tar --create --format=gnu --sort=name --mtime="$tar_date" --owner=0 --group=0 --numeric-owner \
        --mode='u+rwX,go+rX,go-w' --directory="$tree" ASSEMBLED.txt "$name" | "${zip[@]}" >"$output.part" || {
        rm -f "$output.part"
        fail 1 "$output could not be written"
    }
    mv -f "$output.part" "$output"
    say "wrote ${output##*/}, $(megabytes "$output") MB"
}

# go_tidb builds the module that tidb-server, cdc and the stand-in share.
go_tidb() {
    go_build tidb "$here/../tikv/standin" \
        "-X github.com/pingcap/tidb/pkg/parser/mysql.TiDBReleaseVersion=$version -X github.com/pingcap/tiflow/pkg/version.ReleaseVersion=$version -X main.Release=$version" \
        '' \
        github.com/pingcap/tidb/cmd/tidb-server github.com/pingcap/tiflow/cmd/cdc .
}
