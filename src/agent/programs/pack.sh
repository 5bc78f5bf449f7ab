# Files and directories as an archive on stdout: most MiB of a file; as root, what the lab keeps in `state`, but for what
# services write themselves; as the account, its manager's units that begin with `unit`; paths. What is too large or not there
# comes back on stderr, one line each whatever is in a name. What vanishes or changes meanwhile, as logs do, is no error.
most=$1 state=$2 unit=$3; shift 3
cd / || exit 1
if [ "$state" ]; then
  for u in "$state"/run/*/unit; do if [ -f "$u" ] && read -r mode path < "$u" && [ "$mode" = system ]; then set -- "$@" "$path"; fi; done
else
  for u in "$(getent passwd "$(id -u)" | cut -d: -f6)/.config/systemd/user/$unit"*; do if [ -f "$u" ]; then set -- "$@" "$u"; fi; done
fi
for p in "$@"; do
  if [ -e "$p" ]; then find "$p" -xdev -path "${state:-/none}/run/*/own" -prune -o -type f -size +"$most"M -printf 'larger %s %p\0'
  else case $p in */own) ;; *) printf 'nothing %s\0' "$p" ;; esac; fi
done | tr '\n\0' '?\n' >&2
for p in "$@"; do
  if [ -e "$p" ]; then find "$p" -xdev -path "${state:-/none}/run/*/own" -prune -o -type f ! -size +"$most"M -print0; fi
done | tar -cPf - --hard-dereference --ignore-failed-read --warning=no-file-changed --null -T -
