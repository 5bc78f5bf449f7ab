# Facts of who listens on the ports that the lab is to use.

pre_holder() { # inode pid
  whose=other
  case "$ours" in *"socket:[$1]"*) whose=ours ;; esac
  unit=$(sed -n 's,.*/\([^/]*\.service\)$,\1,p' "/proc/$2/cgroup" 2>/dev/null | head -n 1)
  fact holder "$1" "$whose" "$2" "$(stat -c %U "/proc/$2" 2>/dev/null)" "$unit" "$(tr '\000-\037\177' ' ' < "/proc/$2/cmdline" 2>/dev/null | cut -c 1-160)"
}

# The inode of a listening socket leads to the process that holds it, where it can be seen. Ports as the kernel shows them.
# shellcheck disable=SC2086 # directories of /proc
pre_ports() {
  [ "$#" -gt 0 ] || return 0
  w=" $* "; set --
  for f in /proc/net/tcp /proc/net/tcp6; do [ ! -r "$f" ] || set -- "$@" "$f"; done
  sockets=$(awk -v w="$w" '$4 == "0A" { n = split($2, a, ":"); if (index(w, " " a[n] " ")) print a[n], a[1], $8, $10 }' "$@")
  [ -n "$sockets" ] || return 0
  ours=; [ -z "$fds" ] || ours=$(ls -l $fds 2>/dev/null | grep -o 'socket:\[[0-9]*\]')
  printf '%s\n' "$sockets" | while read -r port address uid inode; do
    fact listener "$port" "$address" "$(id -un "$uid" 2>/dev/null || echo "$uid")" "$inode"
  done
  ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v w="$(printf '%s\n' "$sockets" | tr '\n' ' ')" '
    /^\/proc/ { split($1, a, "/"); next }
    /socket:\[/ { n = $NF; gsub(/[^0-9]/, "", n); if (!seen[n] && index(w " ", " " n " ")) { seen[n] = 1; print n, a[3] } }' |
    while read -r inode pid; do pre_holder "$inode" "$pid"; done
}
