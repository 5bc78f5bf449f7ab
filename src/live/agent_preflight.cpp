#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/agent.hpp"

namespace tidelab::live {

// A look before anything is touched: only facts, one line each with tabs between, as preflight/facts.cpp reads them. What
// they mean is decided there. Beside sh and /proc it takes what the host's part needs anyway, and without it says less.
const std::string& agent_preflight_source() {
  static const std::string source = R"sh(
fact() { printf '%s' "$1"; shift; printf '\t%s' "$@"; echo; }
pre_clock() { fact clock "$1" "$(date +%s.%N)"; }
# Steps that were looked at before this look began took their time, by a clock that is not set.
pre_looks() { if read -r up_now rest < /proc/uptime; then fact looks "$up_first" "$up_now"; fi; } 2>/dev/null
pre_host() {
  me=$(id); me=${me#uid=} # 1000(lab) gid=…
  mine=${me#*(}
  fact who "${me%%(*}" "${mine%%)*}"
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
# Whether the account may enter what is there of each directory, and write there where others than root can change it, so
# that it acts itself; for an account that is still to be made, whether nobody may enter. That one comes too late for the rest.
pre_enter() {
  [ -n "$U" ] && [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null 2>&1 || return 0
  w=$U late=
  id -u "$w" > /dev/null 2>&1 || w=nobody late=y
  barred=$(setpriv --reuid="$(id -u "$w")" --regid="$(id -g "$w")" --init-groups -- sh -c '
    i=0 late=$1; shift
    for d; do
      at=/; rest=${d#/}
      while [ -x "$at" ] && [ -n "$rest" ]; do
        at=${at%/}/${rest%%/*}
        case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
      done
      if [ ! -x "$at" ]; then printf "barrier\t%s\t%s\n" "$i" "$at"; elif [ -n "$late" ] || [ ! -w "$at" ]; then echo "closed $i"; fi
      i=$((i + 1))
    done' sh "$late" "$@")
  printf '%s\n' "$barred"
  i=0 last= by_others=
  for at; do
    case $nl$barred$nl in *"${nl}closed $i$nl"*)
      [ "$at" = "$last" ] || { last=$at; changed_by_others "$at"; }
      [ -z "$by_others" ] || fact shared "$i" "$by_others" ;;
    esac
    i=$((i + 1))
  done
}
pre_ways() { # directories that are there: whether somebody who is neither root, nor we, nor the account can change the way
  [ -z "$U" ] || also_id=$(id -u "$U" 2>/dev/null) || also_id=
  i=0 last= by_others=
  for at; do
    [ "$at" = "$last" ] || { last=$at; changed_by_others "$at"; }
    [ -z "$by_others" ] || fact stranger "$i" "$by_others"
    i=$((i + 1))
  done
  also_id=
}
pre_dirs() {
  [ "$#" -gt 0 ] || return 0
  first=1
  for p in "$@"; do
    [ -z "$first" ] || { set --; first=; }
    d=$p
    while [ ! -e "$d" ] && [ ! -L "$d" ]; do d=${d%/*}; [ -n "$d" ] || d=/; done
    state=missing; may=no; full=empty
    if [ ! -d "$d" ]; then state=other
    elif [ "$d" = "$p" ]; then
      state=there
      for e in "$d"/* "$d"/.[!.]*; do
        if [ -e "$e" ] || [ -L "$e" ]; then full=full; break; fi
      done
    fi
    [ ! -w "$d" ] || may=writable
    fact dir "$state" "$may" "$full" "$d"
    [ -d "$d" ] || { d=${d%/*}; [ -n "$d" ] || d=/; }
    set -- "$@" "$d"
  done
  pre_enter "$@" 2>/dev/null
  pre_ways "$@" 2>/dev/null
  t=$(printf '\t')
  stat -f -c "room$t%a$t%S$t%b$t%d$t%c$t%T" -- "$@"
  stat -c "device$t%d" -- "$@"
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
    if [ -f "$m" ] && { read -r skip && IFS= read -r into; } < "$m"; then fact unpacked "$into"; fi
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
pre_holder() { # inode pid
  whose=other
  case "$ours" in *"socket:[$1]"*) whose=ours ;; esac
  unit=$(sed -n 's,.*/\([^/]*\.service\)$,\1,p' "/proc/$2/cgroup" 2>/dev/null | head -n 1)
  fact holder "$1" "$whose" "$2" "$(stat -c %U "/proc/$2" 2>/dev/null)" "$unit" "$(tr '\000-\037\177' ' ' < "/proc/$2/cmdline" 2>/dev/null | cut -c 1-160)"
}
# The inode of a listening socket leads to the process that holds it, where it can be seen. Ports as the kernel shows them.
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
)sh";
  return source;
}

std::string preflight_calls(const preflight::Asked& asked, bool after_looks) {
  auto out = std::string(after_looks ? "pre_looks\n" : "") + "pre_clock begin\npre_host\npre_knobs\npre_account\npre_commands";
  for (const auto& each : asked.commands) out += " " + host::quote(each);
  out += "\npre_dirs";
  for (const auto& each : asked.dirs) out += " " + host::quote(each);
  out += "\npre_services\npre_own\npre_labs\npre_ports";
  for (const auto each : asked.ports) out += fmt::format(" {:04X}", each);
  return out + "\npre_clock end\nfact end\n";
}

// Nothing but builtins of the shell, so that these cost no process.
std::string looks_function(const std::string& looks) {
  return "{ read -r up_first rest < /proc/uptime; } 2>/dev/null || up_first=\nlooks() {\nkept=0 unsure= modes= sums= own_known=$nl\n" +
         looks + "}\n";
}

std::string unless_settled(std::size_t count, const std::string& facts) {
  return fmt::format(R"(looks
[ "$kept$unsure" != {} ] || {{ printf 'settled\nend\n'; exit 0; }}
{})",
                     count, facts);
}

std::string knob_calls(const preflight::Knob& knob) {
  if (knob.of == preflight::Knob::Of::none) return {};
  const auto* name = knob.of == preflight::Knob::Of::swappiness ? "swappiness" : "huge_pages";
  return fmt::format("pre_set {} {}\n", name, host::quote(knob.value));
}

}  // namespace tidelab::live
