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
is_alive() { # pid, start time
  number "$1" && number "$2" || return 1
  stat_of "$1"
  [ "$ps_began" = "$2" ] && [ "$ps_state" != Z ]
}
lives() { # file of ours: pid and start time
  [ -f "$1" ] && read -r p t rest < "$1" && is_alive "$p" "${t:-}"
}
# What a keeper says lies in a directory of its account's, `own`: it is read as the account, as numbers, and decides neither
# what root reads nor whom it ends.
own_said= own_known=$nl # what they say, and of which services that was foreseen
read_own() { # run-dir of a service
  own_said=$(as_reader 10 sh -c "$content" sh "$1" -- 2>/dev/null)$nl
}
own_line() { # run-dir, which of its files: gives `line`
  line= hit=
  [ -d "$1/own" ] || return 1
  case $own_known in *"$nl$1$nl"*) ;; *) read_own "$1" ;; esac
  set -f; IFS=$nl
  for one in $own_said; do
    if [ -n "$hit" ]; then line=$one; break; fi
    if [ "$one" = "==> $1/own/$2 <==" ]; then hit=y; fi
  done
  unset IFS; set +f
  [ -n "$line" ]
}
own_numbers() { # run-dir, which of its files, names: gives these
  own_line "$1" "$2" || return 1
  shift 2
  for name do
    value=${line%% *}; line=${line#"$value"}; line=${line# }
    number "$value" || return 1
    eval "$name=\$value"
  done
}
uid_of() { # pid: gives `ps_uid`
  ps_uid=
  while read -r key value rest; do case $key in Uid:) ps_uid=$value; break ;; esac; done 2>/dev/null < "/proc/$1/status"
}
is_accounts() { # pid: whether it runs under the account that these files are of
  uid_of "$1"
  case $own_said in "uid $ps_uid$nl"*) ;; *) return 1 ;; esac
}
keeps() { # run-dir, `supervisor` or `child`: whether that process is there; gives p and t
  own_numbers "$1" "$2" p t && is_alive "$p" "$t" && is_accounts "$p"
}
# What root wrote when it started it: the session of the keeper and all that it started, whatever its files say.
still_runs() { # run-dir: gives sid and members, its processes
  members=
  [ -f "$1/session" ] && read -r sid began_by rest < "$1/session" && number "$sid" || return 1
  stat_of "$sid"
  [ -z "$ps_began" ] || [ "$ps_began" = "$began_by" ] || return 1 # its number is another's by now
  members=$(session_of "$sid")
  [ -n "$members" ]
}
runs() { keeps "$1" supervisor || keeps "$1" child || still_runs "$1"; } # run-dir: its keeper may have been killed
session_of() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v s="$1" '{ p = $1; sub(/^.*\) /, ""); if ($4 == s && $1 != "Z") print p }'; }
wanted() { # spec inputs…
  w=$1; shift
  printf '%s %s' "$w" "$(for f in "$@"; do sum_of "$f"; printf '%s\n' "$sum"; done | sha256sum | cut -d' ' -f1)"
}
look_service() { # n run-dir unit text-digest spec inputs…
  if have_systemd; then look_unit "$@"; return; fi
  n=$1; r=$2; shift 4
  if ! keeps "$r" supervisor; then say "$n" differs 'is not running'
  elif [ "$(cat "$r/applied" 2>/dev/null)" != "$(wanted "$@")" ]; then say "$n" differs 'runs with an older configuration'
  else keeps "$r" child || unsure=y; say "$n" holds 'is running'; fi
}
# Whom to end is read from where the account may write, so it is the account that ends them.
end_pids() { as_owner sh -c 'kill "$@"' sh "$@" 2>/dev/null; }
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
stop_service() { # run-dir seconds
  sid=
  if keeps "$1" supervisor || keeps "$1" child; then
    asked=$p sid=$ps_sid
    end_pids -TERM "$asked"
    i=0
    while is_alive "$asked" "$t" && [ "$i" -lt $(($2 * 10)) ]; do sleep 0.1; i=$((i + 1)); done
  fi
  if still_runs "$1"; then # it was not the one that was asked
    end_pids -TERM $members
    i=0
    while still_runs "$1" && [ "$i" -lt $(($2 * 10)) ]; do sleep 0.1; i=$((i + 1)); done
  fi
  [ -n "$sid" ] || return 0
  i=0
  while members=$(session_of "$sid") && [ -n "$members" ] && [ "$i" -lt 50 ]; do
    end_pids -KILL $members; end_waiting "$1" $members; sleep 0.1; i=$((i + 1))
  done
  if [ -n "$members" ]; then echo "processes" $members "do not end" >&2; return 1; fi
  rm -rf -- "$1/own" "$1/session"
}
# The directory of a service is root's, with what it runs with; what its account writes lies below, in `own`.
run_dir() { # run-dir
  mkdir -p -- "$1" && chmod -- 711 "$S/run" "$1"
}
for_account() { # path: what comes on stdin, for the account to read
  cat > "$1.part" && { [ -z "$U" ] || chown -h -- "$U:" "$1.part"; } && mv -f -- "$1.part" "$1"
}
act_service() { # n run-dir seconds unit text unit-script keeper-script spec inputs…
  n=$1; r=$2; s=$3; unit=$4; text=$5; exec=$6; script=$7; shift 7
  if have_systemd; then act_unit "$n" "$r" "$s" "$unit" "$text" "$exec" "$@"; return; fi
  again=started
  if runs "$r"; then again='started again'; stop_service "$r" "$s" || return 1; fi
  run_dir "$r" && rm -rf -- "$r/own" && new_dir "$r/own" 700 "$U" || return 1
  printf '%s' "$script" | for_account "$r/run" && wanted "$@" > "$r/applied" || return 1
  # A service outlives the run that starts it, so neither it nor the `runuser` that waits for it carries its mark; where a
  # key has a command of its own, sshd keeps ours, with the mark in it, in a variable.
  set -- sh -c 'umask 022; exec sh "$1/run" 2> "$1/own/error"' sh "$r"
  if [ -z "$U" ]; then set -- env -u TIDELAB_RUN -u SSH_ORIGINAL_COMMAND "$@"
  else set -- env -i "PATH=$PATH" "HOME=$(home_of "$U")" "USER=$U" "LOGNAME=$U" runuser -u "$U" -- "$@"; fi # what was only ours stays with us
  setsid "$@" < /dev/null > /dev/null 2>&1 &
  stat_of "$!"; echo "$! $ps_began" > "$r/session"
  i=0
  until keeps "$r" supervisor && own_line "$r" child; do # a program that ends at once is the next look's to tell
    if [ "$i" -ge 100 ]; then as_reader 10 head -c 2000 -- "$r/own/error" >&2; echo 'its keeper did not start' >&2; return 1; fi
    sleep 0.05; i=$((i + 1))
  done
  say "$n" made "$again"
}
look_halt() {
  if in_unit "$2"; then
    if halted_unit; then say "$1" holds 'is not running'; else say "$1" differs "is $active"; fi
  elif runs "$2"; then say "$1" differs 'is running'
  elif [ -n "$(waiting_for "$2")" ]; then say "$1" differs 'its keeper was killed while it was stopped'
  else say "$1" holds 'is not running'; fi
}
act_halt() { # n run-dir seconds
  if in_unit "$2"; then halt_unit || return 1; say "$1" made 'stopped'; return 0; fi
  if ! runs "$2"; then
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
  own_numbers "$1" child p t restarts began || { restarts=0 began=0; return 1; }
  stat_of "$p"
  [ "$ps_began" = "$t" ] && is_accounts "$p"
}
last_end() { # run-dir: gives code, ended (seconds ago) and oom: how its last process ended, and how often the kernel ended one for want of memory; ended_at by a keeper's clock
  code=null ended=null oom=0 ended_at=
  if in_unit "$1"; then unit_end
  elif own_numbers "$1" ended code ended oom; then ended_at=$ended ended=$(($(date +%s) - ended))
  else code=null ended=null oom=0
  fi
}
process_of() { # run-dir: one JSON object
  p=0 restarts=0 began=0 state=down exe= up_for=0 rss=0
  last_end "$1"
  if in_unit "$1"; then
    if unit_process; then state=running; elif [ "$active" = activating ]; then state=restarting restarts=$again; fi
  elif kept_process "$1"; then state=running
  elif keeps "$1" supervisor; then
    state=restarting
    if own_line "$1" child && ! own_numbers "$1" child p t restarts began; then state=unclear restarts=0; fi # what is there are no numbers
  fi
  # Nobody saw the end of one that was started after the end that is known.
  if [ "$state" = down ] && [ -n "$ended_at" ] && [ "${began:-0}" -ge "$ended_at" ]; then code=null ended=null; fi
  if [ "$state" = running ]; then
    case $ps_state in T|t) state=stopped ;; Z|X|x) state=zombie ;; esac
    exe=$(readlink -n "/proc/$p/exe" | tr '\000-\037\177-\377' '?' | sed 's/[\\"]/\\&/g')
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
