# shellcheck shell=bash
# Shared by the `assemble` scripts: they build a component's archive out of
# package registries, with the registries' ordinary clients.
#
#   assemble VERSION OUTPUT.tar.gz     builds it; scratch files go to the
#                                      current directory, the caller removes it
#   assemble --versions                lists what the script provides
#
# Exit codes: 2 unknown version or bad usage, 3 a tool is missing, 4 a download
# was refused or brought something else than expected.

# A version or a file must not depend on who calls the script.
export LC_ALL=C
umask 022

# A newer pip's hint would only hide the line that matters in an error's tail.
export PIP_DISABLE_PIP_VERSION_CHECK=1

cache=${TIDELAB_CACHE:-$HOME/.cache/tidelab}
maven_plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1

# Registry clients resolve the newest release of nothing here: every coordinate
# names its version. So one fixed date for every file is honest, and two builds
# of one version give the same bytes.
tar_date='2020-01-01 00:00:00Z'

say() { printf '%s\n' "$*" >&2; }

fail() { # CODE MESSAGE...
    local code=$1
    shift
    say "assemble: $*"
    exit "$code"
}

# assemble_begin VERSIONS ARGS... sets version and output, or ends the script.
# VERSIONS is one word list, so that --versions and the error agree.
assemble_begin() {
    local provided=$1 v
    shift
    if [ "${1-}" = --versions ]; then
        tr -s ' ' '\n' <<<"$provided"
        exit 0
    fi
    [ $# -eq 2 ] || fail 2 "usage: assemble VERSION OUTPUT.tar.gz | assemble --versions"
    version=
    for v in $provided; do
        [ "$v" != "$1" ] || version=$v
    done
    [ -n "$version" ] || fail 2 "no version '$1'; provided: $provided"
    output=$2
    case $output in /*) ;; *) output=$PWD/$output ;; esac
    # Own names below, so that nothing else in the directory gets packed.
    scratch=$(mktemp -d "$PWD/assemble.XXXXXX")
}

# need TOOL... checks all of them before any download starts.
need() {
    local tool
    for tool in "$@"; do
        case $tool in
            pip)
                if python3 -m pip --version >/dev/null 2>&1; then
                    pip=(python3 -m pip)
                elif command -v pip3 >/dev/null; then
                    pip=(pip3)
                elif command -v pip >/dev/null; then
                    pip=(pip)
                else
                    fail 3 "missing tool: pip"
                fi
                ;;
            tar)
                # Sorted names and fixed owners are GNU tar's.
                tar --version 2>/dev/null | grep -q 'GNU tar' || fail 3 "missing tool: tar (GNU)"
                ;;
            *) command -v "$tool" >/dev/null || fail 3 "missing tool: $tool" ;;
        esac
    done
}

# fetch WHAT COMMAND... runs a registry client; its words are shown only when it
# was refused.
fetch() {
    local what=$1 log=$scratch/client.log
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        say "assemble: $what could not be fetched; the last lines of ${1##*/} were:"
        # Maven colours its lines even when told not to.
        sed 's/\x1b\[[0-9;]*m//g; /^\[ERROR\] *$/d' "$log" | tail -n 15 | sed 's/^/  /' >&2
        exit 4
    fi
}

# must_have FILE... an archive without its main part would fail much later.
must_have() {
    local f
    for f in "$@"; do
        [ -s "$f" ] || fail 4 "the download has no ${f#"$scratch"/}"
    done
}

megabytes() { du -sm "$1" | cut -f1; }

# wheel DIR OPTIONS... SPEC downloads one file from the Python index into DIR
# and prints its path.
wheel() {
    local dir=$1 spec=${*: -1} files
    mkdir -p "$dir"
    say "fetching $spec from the Python index"
    fetch "$spec" "${pip[@]}" download --no-deps --dest "$@"
    files=("$dir"/*)
    must_have "${files[0]}"
    say "got ${files[0]##*/}, $(megabytes "${files[0]}") MB"
    note_file pip "$spec" "${files[0]}"
    printf '%s\n' "${files[0]}"
}

# jars DIR COORDINATE... puts G:A:V and all that it needs at run time into DIR;
# G:A:V! brings that one jar alone.
jars() {
    local dir=$1 pom=$scratch/pom/pom.xml c g a v alone
    shift
    mkdir -p "$dir" "$scratch/pom"
    {
        printf '%s\n' '<project xmlns="http://maven.apache.org/POM/4.0.0">' \
            '<modelVersion>4.0.0</modelVersion>' \
            '<groupId>assembled</groupId><artifactId>assembled</artifactId><version>1</version>' \
            '<dependencies>'
        for c in "$@"; do
            alone=
            case $c in *!) alone='<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>' ;; esac
            IFS=: read -r g a v <<<"${c%!}"
            printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>%s</dependency>\n' \
                "$g" "$a" "$v" "$alone"
        done
        printf '%s\n' '</dependencies>' '</project>'
    } >"$pom"
    # Maven's own repository on this machine is not made for several clients at once: two that fetch one plugin into an
    # empty one break each other. Whoever calls this script for several components takes the same lock.
    mkdir -p "$cache"
    exec 8>"$cache/maven.lock"
    flock 8
    say "fetching ${1%!} from Maven$([ $# -eq 1 ] || printf ', and %d more' $(($# - 1)))"
    fetch "${1%!}" mvn -B -q -Dstyle.color=never -f "$pom" "$maven_plugin:copy-dependencies" \
        -DoutputDirectory="$dir" -DincludeScope=runtime
    exec 8>&-
    for c in "$@"; do
        IFS=: read -r g a v <<<"${c%!}"
        must_have "$dir/$a-$v.jar"
        note_coordinate maven "${c%!}"
    done
    say "got jars: $(find "$dir" -name '*.jar' | wc -l), $(megabytes "$dir") MB"
}

note_coordinate() { printf '  %-6s %s\n' "$1" "$2" >>"$scratch/coordinates"; }

note_file() {
    note_coordinate "$1" "$2"
    printf '         %s\n         sha256 %s\n' "${3##*/}" "$(sha256sum "$3" | cut -d' ' -f1)" >>"$scratch/coordinates"
}

# pack TREE [LINE...] writes TREE/ASSEMBLED.txt (LINEs are remarks) and the
# archive, whose top folder is TREE's name.
pack() {
    local tree=$1 top zip=(gzip -n -1)
    top=${tree##*/}
    shift
    {
        printf '%s\n' "$top" '' \
            'This tree was assembled from package registries.' \
            'It is not the official archive of the project.' '' 'Built from:'
        cat "$scratch/coordinates"
        [ $# -eq 0 ] || printf '\n'
        [ $# -eq 0 ] || printf '%s\n' "$@"
        printf '\nJars (sha256):\n'
        (cd "$tree" && find . -name '*.jar' -printf '%P\n' | sort | xargs -r -d '\n' sha256sum)
    } >"$tree/ASSEMBLED.txt"
    # Speed counts here and not size: jars hardly shrink.
    ! command -v pigz >/dev/null || zip=(pigz -n -1)
    say "packing $(megabytes "$tree") MB"
    tar --create --format=gnu --sort=name --mtime="$tar_date" --owner=0 --group=0 --numeric-owner \
        --mode='u+rwX,go+rX,go-w' --directory="${tree%/*}" "$top" | "${zip[@]}" >"$output.part" || {
        rm -f "$output.part"
        fail 1 "$output could not be written"
    }
    mv -f "$output.part" "$output"
    say "wrote ${output##*/}, $(megabytes "$output") MB"
}
