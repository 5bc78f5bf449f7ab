# The ends of logs: mark, bytes, files. The host's clock first; then for each file the mark, its size, and a line end, and
# what is read of it follows. Where it cannot be read, the reason stands for the size.
LC_ALL=C; export LC_ALL
m=$1 n=$2; shift 2
date '+%s %z'
for f do
  if [ ! -f "$f" ]; then printf '\n%s %s is not there\n' "$m" "$f"
  elif why=$(tail -c 1 -- "$f" 2>&1 > /dev/null); then printf '\n%s %s\n' "$m" "$(wc -c < "$f")"; tail -c "$n" -- "$f"
  else printf '\n%s %s\n' "$m" "$why"; fi
done
