# A command that reads a file, unless that is none, which could be read for ever: file, command.
f=$1; shift
[ -f "$f" ] || { echo "$f is not there, or no file" >&2; exit 1; }
exec "$@" -- "$f"
