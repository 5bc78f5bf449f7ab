# What a run that was killed left acting.

# A run that was killed, or lost its link, may have left a command acting: it ends before anything is looked at, so that
# nobody changes what we look at, and nothing is done twice. It is known by the mark in its environment.
marked() { # pattern of the lab's marks, mark of this run: gives the pids that carry another one's, `left` of this controller, `guests` of others
  left= guests= mine=${2#"TIDELAB_RUN=$S:"}
  mine=TIDELAB_RUN=$S:${mine%%-*}-
  found=$(grep -aoH -e "$1" /proc/[0-9]*/environ 2>/dev/null)$nl
  while one=${found%%"$nl"*}; [ -n "$one" ]; do
    found=${found#*"$nl"} q=${one#/proc/}
    is_of_lab "${q%%/*}" || continue
    case $one in *":$2") ;; *":$mine"*) left="$left ${q%%/*}" ;; *) guests="$guests ${q%%/*}" ;; esac
  done
}

is_of_lab() { # pid: whether root, we or the account run it; others may write in their environment what they like
  uid_of "$1"
  [ -n "$our_id" ] || our_id=$(id -u)
  case $ps_uid in ''|0|"$our_id") return 0 ;; esac
  [ -n "$U" ] && know_account && [ "$ps_uid" = "$uid" ]
}

our_id=

attended() { # pid, all with a mark: whoever sent it waits for it; an orphan has only shells above it, or is the child of an init
  k=$1
  while stat_of "$k"; [ "${ps_parent:-0}" -gt 1 ]; do
    k=$ps_parent
    case "$2 " in *" $k "*) continue ;; esac
    only_starts "$k" || { case $comm in ''|systemd) return 1 ;; esac; return 0; }
  done
  return 1
}

# A controller that is at work beside us is not disturbed: it may be about to claim the lab, and then it says who it is.
# Where it is not claimed yet, we only look. Where we have it, whatever the other one sends ends by itself.
# shellcheck disable=SC2086 # lists of pids
end_orphans() { # what marked() wants
  i=0; told=
  while marked "$1" "$2"; [ -n "$left$guests" ]; do
    all=$left$guests beside=
    for q in $guests; do if [ "${claim_how:-}" != take ] && attended "$q" "$all"; then beside=y; else left="$left $q"; fi; done
    if [ -n "$beside" ] && [ -z "$left" ]; then
      [ -z "${claim_how:-}" ] || claim "$claim_by" "$claim_who" "$claim_how"
      [ -d "$S" ] || return 0
    fi
    if [ "$i" -ge 100 ]; then echo "commands of an earlier run, or of another controller, do not end: pids" $all >&2; exit 75; fi
    if [ "$i" -ge 50 ]; then [ -z "$left" ] || kill -KILL $left 2>/dev/null
    elif [ "$left" != "$told" ]; then kill -TERM $left 2>/dev/null; told=$left; fi
    sleep 0.1; i=$((i + 1))
  done
}
