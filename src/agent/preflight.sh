# A look before anything is touched: only facts, one line each with tabs between, as src/preflight/facts.cpp reads them.
# What they mean is decided there. Beside sh and /proc it takes what the agent needs anyway, and without it says less.

fact() { printf '%s' "$1"; shift; printf '\t%s' "$@"; echo; }
pre_clock() { fact clock "$1" "$(date +%s.%N)"; }

# Steps that were looked at before this look began took their time, by a clock that is not set.
pre_looks() { if read -r up_now rest < /proc/uptime; then fact looks "$up_first" "$up_now"; fi; } 2>/dev/null

pre_host() {
  me=$(id); me=${me#uid=} # 1000(lab) gid=…
  mine=${me#*\(}
  fact who "${me%%\(*}" "${mine%%\)*}"
  boot_id=; read -r boot_id < /proc/sys/kernel/random/boot_id
  system=$(uname -sm)
  fact kernel "$boot_id" "${system% *}" "${system##* }"
  if have_systemd; then fact init systemd; else fact init other; fi
  # A file that cannot be read must not end awk before the next.
  set -- /proc/meminfo; [ ! -r /proc/1/limits ] || set -- "$@" /proc/1/limits
  awk '/^(MemTotal|MemAvailable|SwapTotal):/ { print "memory\t" $1 "\t" $2 } /^Max open files/ { print "files\tinit\t" $5 }' "$@" 2>/dev/null
  for f in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    if [ -r "$f" ] && read -r value < "$f"; then fact limit "$value"; fi
  done
  fact files soft "$(ulimit -Sn)"
  fact files hard "$(ulimit -Hn)"
}

pre_knobs() {
  if read -r value < /proc/sys/vm/swappiness; then fact swappiness "$value"; fi
  if read -r value < /sys/kernel/mm/transparent_hugepage/enabled; then fact huge_pages "$value"; fi
} 2>/dev/null

pre_set() { # knob value
  case $1 in
    swappiness) printf '%s\n' "$2" > /proc/sys/vm/swappiness ;;
    huge_pages) printf '%s\n' "$2" > /sys/kernel/mm/transparent_hugepage/enabled ;;
  esac
}

pre_commands() {
  for t in "$@"; do command -v "$t" > /dev/null 2>&1 || fact missing "$t"; done
  case $(tar --version 2>/dev/null) in *'GNU tar'*) ;; *) fact foreign tar ;; esac
}

pre_manager() { # units of an account's own manager lie in its home, and PAM starts it
  a=$(account)
  id -u "$a" > /dev/null 2>&1 || return 0
  h=$(home_of "$a")
  if [ -z "$U" ]; then [ -w "$h" ]; else runuser -u "$U" -- test -w "$h"; fi || fact homeless "$h"
  [ ! -r /etc/shadow ] || awk -F: -v a="$a" -v now=$(($(date +%s) / 86400)) '$1 == a && $8 != "" && $8 <= now { e = 1 } END { exit e }' /etc/shadow || fact expired "$a"
}

pre_account() { # and where root will write beside the lab's own directories
  if [ "$M" = system ] && have_systemd && [ "$(id -u)" = 0 ] && [ ! -w /etc/systemd/system ]; then fact closed /etc/systemd/system; fi
  if [ "$M" = user ] && have_systemd; then pre_manager; fi
  [ -n "$U" ] || return 0
  if id -u "$U" > /dev/null 2>&1; then fact account there; return; fi
  if grep -q "^$U:" /etc/group 2>/dev/null; then fact account group; else fact account missing; fi
  [ -w /etc ] || fact closed /etc
}

# Services of this lab that run, and the sockets of all that is in their sessions: also of one whose keeper was killed.
pre_services() {
  fds=
  for r in "$S"/run/*; do
    if in_unit "$r"; then is_kept && [ "$main" != 0 ] && p=$main || continue
    elif keeps "$r" supervisor || keeps "$r" child; then :
    elif still_runs "$r"; then p=$sid
    else continue; fi
    fact service "${r##*/}"
    stat_of "$p"
    for q in $(session_of "$ps_sid"); do fds="$fds /proc/$q/fd"; done
  done
}

pre_own() {
  for m in "$S"/unpacked/*; do
    if [ -f "$m" ] && { read -r into && IFS= read -r into; } < "$m"; then fact unpacked "$into"; fi
  done
  [ ! -f "$S/owned" ] || awk '/^(dir|file) / && !seen[$0]++ { sub(/^dir /, "owned\t") || sub(/^file /, "placed\t"); print }' "$S/owned"
}

pre_labs() {
  labs=
  for u in /etc/systemd/system/tidelab-*.service; do
    [ -f "$u" ] && IFS= read -r l < "$u" || continue
    case $l in '# tidelab: '*) l=${l#\# tidelab: }; fact unit "${u##*/}" "$l"; labs=$labs$l$nl ;; esac
  done
  for l in /var/lib/tidelab/* "${S%/*}"/.tidelab-*; do [ ! -d "$l" ] || labs=$labs$l$nl; done
  seen=$nl$S$nl
  while [ -n "$labs" ]; do
    l=${labs%%"$nl"*} labs=${labs#*"$nl"}
    case $seen in *"$nl$l$nl"*) continue ;; esac
    seen=$seen$l$nl
    [ -f "$l/owned" ] && trusted "$l" && ours_alone "$l" || continue
    fact lab "$l"
    awk '/^dir / && !seen[$0]++ { sub(/^dir /, "theirs\t"); print }' "$l/owned"
  done
}
