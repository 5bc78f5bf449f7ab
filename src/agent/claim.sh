# Whose turn it is: a lab on a host is held by one controller, until its connection ends.

# Who works on this lab holds it by the process that ends with the connection: of our ancestors the first that does
# not only start another. A pid and its start time are no longer there once the controller is gone, whatever happened to it.
only_starts() { # pid: gives `comm`
  { IFS= read -r comm < "/proc/$1/comm"; } 2>/dev/null || comm=
  case $comm in sh|bash|dash|ash|ksh|mksh|zsh|fish|csh|tcsh|busybox|env|sudo|su|runuser|timeout) ;; *) return 1 ;; esac
}

keeper() { # gives `by`: pid and start time
  k=$PPID
  while stat_of "$k"; do
    only_starts "$k" && [ "${ps_parent:-0}" -gt 1 ] || break
    k=$ps_parent
  done
  by="$k $ps_began"
}

# Where the lab is not on the host yet there is nothing to hold it by. Runs that make it there take turns at what every
# host has; so of two that come at once, one makes it, and the other finds it made.
in_turn() ( # `-n`, where it is not worth a wait, or `-x`, which goes on where that directory knows no locks
  if [ "$1" = -n ]; then flock -n 8 8<&8 2>/dev/null || exit 0
  else
    flock -E 75 -w 20 8 8<&8 2>/dev/null
    [ $? != 75 ] || { told_lock "$(turn_place)"; exit 1; }
  fi
  shift; "$@"
) 8< "$(turn_place)"

turn_place() { # anybody may hold a lock on what he can open
  if [ "$(id -u)" = 0 ]; then case $(stat -c '%u %a' /root 2>/dev/null) in '0 '??0) printf /root; return ;; esac; fi
  printf /
}

told_lock() { # path: who holds a lock on it. Some file systems have another device here than for the kernel's list: then the inode decides.
  d=$(stat -c '%D %i' -- "$1"); i=${d#* } d=$((0x${d% *}))
  exact=$(printf '%02x:%02x:%s' "$((d >> 8 & 4095))" "$(((d & 255) | (d >> 12 & 1048320)))" "$i")
  q=$(E=$exact I=":$i" awk '$2 != "FLOCK" { next } $6 == ENVIRON["E"] { e = $5; exit } index($6 "$", ENVIRON["I"] "$") { o = $5 }
    END { print e ? e : o }' /proc/locks 2>/dev/null)
  words=${q:+$(tr '\000-\037\177-\377' ' ' 2>/dev/null < "/proc/$q/cmdline" | cut -c 1-120)}
  echo "$1 is locked${q:+ by process $q ($words)}, and has been for 20 s: end that, if it is not another tidelab" >&2
}

drop_unborn() { n=$(unborn); [ ! -d "$n" ] || ! ours_alone "$n" || rm -rf -- "$n"; }

claim() { # controller, who, `take` where the holder does not matter. On a full disk nobody can claim, but `down` must go on.
  claim_by=$1 claim_who=$2 claim_how=$3
  if [ ! -d "$S" ]; then not_of_earlier; [ ! -d "$(unborn)" ] || in_turn -n drop_unborn; return 0; fi
  # Without a list it is no lab's, or one that is only begun, by somebody who has not claimed it.
  ours_alone "$S" && [ -f "$S/owned" ] && [ ! -L "$S/owned" ] && is_list "$S/owned" || return 0
  { command : >> "$S/lock.guard"; } 2>/dev/null || return 0 # without `command` it would end some shells
  exec 9>> "$S/lock.guard"
  flock -w 20 9 9>&9 || { told_lock "$S/lock.guard"; exit 77; }
  if lives "$S/lock" && [ "$3" != take ]; then
    { read -r first; read -r theirs; read -r who; } < "$S/lock"
    if [ "$theirs" != "$1" ]; then printf '%s\n' "$who" >&2; exit 76; fi
  fi
  hold "$S" "$1" "$2"
  exec 9>&-
}

hold() { # state directory, controller, who. In place: whoever claims after it has the guard, and one that was not written whole is nobody's.
  from=${SSH_CONNECTION:-}
  keeper
  { printf '%s\n%s\n%s%s\n' "$by" "$2" "$3" "${from:+, from ${from%% *}}" > "$1/lock"; } 2>/dev/null
}

# The state directory and those on the way to it come under their name at once, with the list that has them in it: a host
# that loses power between the two would keep a directory that nobody knows. Whoever makes it holds it from that moment:
# between the two another one could claim it.
above() { d=${S%/*}; while [ ! -d "$d" ]; do d=${d%/*}; [ -n "$d" ] || d=/; done; printf '%s' "${d%/}"; }
unborn() { printf '%s/.%s.new' "$(above)" "${S##*/}"; } # what such an end leaves in place of it

not_of_earlier() { # where root's records were before, the account could exchange them
  [ -n "$O" ] && [ -f "$O/owned" ] && trusted "$O/owned" && ours_alone "$O" || return 0
  echo "this lab was made by an earlier release, whose record is $O: take it away with that release" >&2; exit 77
}

make_state() { # controller, who
  [ ! -f "$S/owned" ] || return 0 # another one was first
  base=$(above); top=${S#"$base/"}; top=$base/${top%%/*}; made=
  d=${S%/*}; while [ ! -d "$d" ]; do made="parent $d
$made"; d=${d%/*}; done
  case $S in /var/lib/tidelab/*) made="parent /var/lib/tidelab
${made#"parent /var/lib/tidelab$nl"}" ;; esac # whoever made it: it goes with the last lab
  new=$(unborn); born=$new${S#"$top"}
  rm -rf -- "$new"
  [ ! -d "$S" ] || { rm -f -- "$S/owned.part" "$S/lock" "$S/lock.guard"; rmdir -- "$S" || return 1; } # one that was only begun
  # A directory above may say by a default ACL that others can write in all of it. Services run what lies below, and read no more.
  if (umask 022; mkdir -p -- "$born") && chmod -R -- u=rwX,go=rX "$new" && chmod -- 711 "$born" &&
    printf '%s' "$made" > "$born/owned" && { hold "$born" "$1" "$2"; chmod -- 600 "$born/owned" "$born/lock"; } && mv -T -- "$new" "$top"; then return 0; fi
  rm -rf -- "$new"
  return 1
}

boot() { # what claim() wants
  not_of_earlier
  if [ -e "$S" ] || [ -L "$S" ]; then
    why=$(no_record "$S")
    [ -z "$why" ] || { echo "$S is there, and $why, so it is not to be trusted: take it away, or use another \`global.lab\`" >&2; return 1; }
  fi
  trusted "$(above)/x" || { not_our_way "$(above)/x"; return 1; }
  [ -f "$S/owned" ] || in_turn -x make_state "$1" "$2" || return 1
  claim "$@" && mend_list && note_account
}

# A run that would only look, and finds all as it must be, need not claim what it does not touch. What it found was so when
# it looked where nobody held the lab, nothing of a run was left, and nobody has claimed it meanwhile.
read_lock() { # gives `lock_says`
  lock_says=
  [ ! -f "$S/lock" ] || while IFS= read -r one; do lock_says=$lock_says$one$nl; done < "$S/lock"
}

undisturbed() { # what marked() wants
  read_lock
  lock_said=$lock_says
  ! lives "$S/lock" && marked "$1" "$2" && [ -z "$left$guests" ]
}

still_undisturbed() { read_lock; [ "$lock_says" = "$lock_said" ] && ! lives "$S/lock"; }
