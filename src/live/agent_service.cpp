#include "live/agent.hpp"

namespace tidelab::live {

// Processes, and services of a host without systemd: a keeper that starts them again (supervisor.cpp), known by its
// pid and start time.
const std::string& agent_service_source() {
  static const std::string source = R"sh(
# pid: gives ps_state, ps_parent, ps_sid and ps_began (its start time), empty when there is no such process. What stands
# before the last bracket is the name, which may hold anything.
stat_of() {
  ps_state= ps_parent= ps_sid= ps_began=
  { IFS= read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 0
  set -- ${stat##*) }
  ps_state=$1 ps_parent=$2 ps_sid=$4
  shift 19; ps_began=$1
}
# A pid alone can be used again by another process; with its start time it cannot.
lives() { # file: pid and start time
  [ -f "$1" ] || return 1
  read -r p t rest < "$1" || return 1
  case $p in ''|*[!0-9]*) return 1 ;; esac
  stat_of "$p"
  [ -n "${t:-}" ] && [ "$ps_began" = "$t" ] && [ "$ps_state" != Z ]
}
session_of() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v s="$1" '{ p = $1; sub(/^.*\) /, ""); if ($4 == s && $1 != "Z") print p }'; }
wanted() { # spec inputs…
  w=$1; shift
  printf '%s %s' "$w" "$(for f in "$@"; do sum_of "$f"; printf '%s\n' "$sum"; done | sha256sum | cut -d' ' -f1)"
}
look_service() { # n run-dir unit text-digest spec inputs…
  if have_systemd; then look_unit "$@"; return; fi
  n=$1; r=$2; shift 4
  if ! lives "$r/supervisor"; then say "$n" differs 'is not running'
  elif [ "$(cat "$r/applied" 2>/dev/null)" != "$(wanted "$@")" ]; then say "$n" differs 'runs with an older configuration'
  else lives "$r/child" || unsure=y; say "$n" holds 'is running'; fi
}
# Whom to end is read from where the account may write, so it is the account that ends them.
end_pids() { as_owner_if_there sh -c 'kill "$@"' sh "$@" 2>/dev/null; }
# `runuser` waits for the keeper as root, and stops with it when that is stopped; it stays so when the keeper is killed then.
waits_for() { # pid run-dir
  case "$(tr '\000' '\n' < "/proc/$1/cmdline" 2>/dev/null | sed -n '1p;$p' | tr '\n' ' ')" in "runuser $2 "|"runuser $S/$2 ") ;; *) return 1 ;; esac
}
waiting_for() { # run-dir: pids
  [ -z "$U" ] || for q in $(grep -lsF -- "$1" /proc/[0-9]*/cmdline); do
    q=${q#/proc/}; q=${q%/cmdline}
    if waits_for "$q" "$1"; then echo "$q"; fi
  done
}
end_waiting() { # run-dir pids…
  w=$1; shift
  for q in "$@"; do if waits_for "$q" "$w"; then kill -KILL "$q" 2>/dev/null; fi; done
}
ask_to_end() { # file with pid and start time, seconds
  stat_of "$p"; sid=$ps_sid
  end_pids -TERM "$p"
  i=0
  while lives "$1" && [ "$i" -lt $(($2 * 10)) ]; do sleep 0.1; i=$((i + 1)); done
}
stop_service() { # run-dir seconds
  sid=
  if lives "$1/supervisor"; then ask_to_end "$1/supervisor" "$2"
  elif lives "$1/child"; then ask_to_end "$1/child" "$2" # its keeper was killed
  fi
  [ -z "$sid" ] && return 0
  i=0
  while left=$(session_of "$sid") && [ -n "$left" ] && [ "$i" -lt 50 ]; do
    end_pids -KILL $left; end_waiting "$1" $left; sleep 0.1; i=$((i + 1))
  done
  if [ -n "$left" ]; then echo "processes" $left "do not end" >&2; return 1; fi
  by "$1/x" rm -f -- "$1/supervisor" "$1/child" "$1/ended"
}
act_service() { # n run-dir seconds unit text unit-script keeper-script spec inputs…
  n=$1; r=$2; s=$3; unit=$4; text=$5; exec=$6; script=$7; shift 7
  if have_systemd; then act_unit "$n" "$r" "$s" "$unit" "$text" "$exec" "$@"; return; fi
  again=started
  if lives "$r/supervisor" || lives "$r/child"; then again='started again'; stop_service "$r" "$s" || return 1; fi
  mkdir -p -- "$r" && give "$r" || return 1
  by "$r/x" rm -f -- "$r/supervisor" "$r/child" "$r/ended" "$r/error" || return 1
  printf '%s' "$script" | by "$r/x" put "$r/run" '' '' '' && wanted "$@" | by "$r/x" put "$r/applied" '' '' '' || return 1
  # A service outlives the run that starts it, so neither it nor the `runuser` that waits for it carries its mark; where a
  # key has a command of its own, sshd keeps ours, with the mark in it, in a variable.
  set -- sh -c 'exec sh "$1/run" 2> "$1/error"' sh "$r"
  [ -z "$U" ] || set -- runuser -u "$U" -- "$@"
  env -u TIDELAB_RUN -u SSH_ORIGINAL_COMMAND setsid "$@" < /dev/null > /dev/null 2>&1 &
  i=0
  while ! { lives "$r/supervisor" && [ -f "$r/child" ]; }; do # a program that ends at once is the next look's to tell
    if [ "$i" -ge 100 ]; then cat "$r/error" >&2; echo 'its keeper did not start' >&2; return 1; fi
    sleep 0.05; i=$((i + 1))
  done
  say "$n" made "$again"
}
look_halt() {
  if in_unit "$2"; then
    if halted_unit; then say "$1" holds 'is not running'; else say "$1" differs "is $active"; fi
  elif lives "$2/supervisor" || lives "$2/child"; then say "$1" differs 'is running'
  elif [ -n "$(waiting_for "$2")" ]; then say "$1" differs 'its keeper was killed while it was stopped'
  else say "$1" holds 'is not running'; fi
}
act_halt() { # n run-dir seconds
  if in_unit "$2"; then halt_unit || return 1; say "$1" made 'stopped'; return 0; fi
  if ! lives "$2/supervisor" && ! lives "$2/child"; then
    waiting=$(waiting_for "$2")
    if [ -z "$waiting" ]; then say "$1" holds 'was not running'; return 0; fi
    end_waiting "$2" $waiting
    say "$1" made 'stopped'; return 0
  fi
  stop_service "$2" "$3" || return 1
  say "$1" made 'stopped'
}
runs_for() { # start time of a process, when it began by the clock: seconds. Clocks are set, the time since boot is not; but some containers have one of their own.
  ago=-1
  if read -r up rest < /proc/uptime; then ago=$((${up%%.*} - $1 / $(getconf CLK_TCK))); fi 2>/dev/null
  [ "$ago" -ge 0 ] || ago=$(($(date +%s) - $2))
  [ "$ago" -ge 0 ] || ago=0
  printf '%s' "$ago"
}
kept_process() { # run-dir of a service with a keeper: gives p, restarts, began, ps_state and ps_began of its process, a zombie too
  [ -f "$1/child" ] && read -r p t restarts began < "$1/child" || return 1
  case $p in ''|*[!0-9]*) return 1 ;; esac
  stat_of "$p"
  [ -n "${t:-}" ] && [ "$ps_began" = "$t" ]
}
last_end() { # run-dir: gives code, ended (seconds ago) and oom: how its last process ended, and how often the kernel ended one for want of memory; ended_at by a keeper's clock
  code=null ended=null oom=0 ended_at=
  if in_unit "$1"; then unit_end
  elif [ -f "$1/ended" ] && read -r code ended oom rest < "$1/ended"; then
    case $code$ended$oom in ''|*[!0-9]*) code=null ended=null oom=0 ;; *) ended_at=$ended ended=$(($(date +%s) - ended)) ;; esac
  fi
}
process_of() { # run-dir: one JSON object
  p=0 restarts=0 began=0 state=down exe= up_for=0 rss=0
  last_end "$1"
  if in_unit "$1"; then
    if unit_process; then state=running; elif [ "$active" = activating ]; then state=restarting restarts=$again; fi
  elif kept_process "$1"; then state=running
  elif lives "$1/supervisor"; then state=restarting; if [ -f "$1/child" ]; then read -r p t restarts began < "$1/child"; fi
  fi
  # Nobody saw the end of one that was started after the end that is known.
  if [ "$state" = down ] && [ -n "$ended_at" ] && [ "${began:-0}" -ge "$ended_at" ]; then code=null ended=null; fi
  if [ "$state" = running ]; then
    case $ps_state in T|t) state=stopped ;; Z|X|x) state=zombie ;; esac
    exe=$(readlink "/proc/$p/exe" | sed 's/[\\"]/\\&/g')
    up_for=$(runs_for "$ps_began" "${began:-0}")
    rss=$(awk '/^VmRSS/ { print $2; f = 1 } END { if (!f) print 0 }' "/proc/$p/status" 2>/dev/null)
  else p=0 began=0; fi
  case $state in running|stopped) running=true ;; *) running=false ;; esac
  case $state in restarting) restarting=true ;; *) restarting=false ;; esac
  printf '{"running":%s,"state":"%s","pid":%s,"exe":"%s","restarts":%s,"up_seconds":%s,"since_ms":%s,"rss_kb":%s,"restarting":%s,"exit":%s,"ended_seconds":%s,"oom":%s}\n' \
    "$running" "$state" "$p" "$exe" "${restarts:-0}" "$up_for" "$((${began:-0} * 1000))" "${rss:-0}" "$restarting" "$code" "$ended" "$oom"
}
)sh";
  return source;
}

}  // namespace tidelab::live
