# Processes, as /proc has them.

# pid: gives ps_state, ps_parent, ps_sid and ps_began (its start time), empty when there is no such process. What stands
# before the last bracket is the name, which may hold anything.
stat_of() {
  ps_state= ps_parent= ps_sid= ps_began=
  { IFS= read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 0
  # shellcheck disable=SC2086 # numbers
  set -- ${stat##*\) }
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

uid_of() { # pid: gives `ps_uid`
  ps_uid=
  while read -r key value rest; do case $key in Uid:) ps_uid=$value; break ;; esac; done 2>/dev/null < "/proc/$1/status"
}

session_of() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v s="$1" '{ p = $1; sub(/^.*\) /, ""); if ($4 == s && $1 != "Z") print p }'; }
