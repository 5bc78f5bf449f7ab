# Services, whoever keeps them running: looked at, started, stopped.

wanted() { # spec inputs…
  w=$1; shift
  printf '%s %s' "$w" "$(for f in "$@"; do sum_of "$f"; printf '%s\n' "$sum"; done | sha256sum | cut -d' ' -f1)"
}

# What it is started with: a line; the members of groups that it knows then; under systemd, the digest of the unit that was written.
apply() { # run-dir unit-digest members spec inputs…
  { digest_then=$2 known=$3; shift 3; wanted "$@"; printf '\n%s\n%s\n' "$known" "$digest_then"; } > "$1/applied"
}

was_applied() { # run-dir members spec inputs…: gives was_unit
  was= knew= was_unit= # nothing
  { read -r was; read -r knew; read -r was_unit; } 2>/dev/null < "$1/applied" || :
  known=$2; shift 2
  [ "$was" = "$(wanted "$@")" ] || return 1
  lost=
  set -f
  for one in $knew; do case " $known " in *" $one "*) ;; *) lost=y ;; esac; done
  set +f
  [ -z "$lost" ] # one that is gone is no use to it
}

look_service() { # n run-dir unit text-digest members spec inputs…
  if have_systemd; then look_unit "$@"; return; fi
  n=$1; r=$2; shift 4
  if ! keeps "$r" supervisor; then say "$n" differs 'is not running'
  elif ! was_applied "$r" "$@"; then say "$n" outdated 'runs with an older configuration'
  else keeps "$r" child || unsure=y; say "$n" holds 'is running'; fi
}

# What the program itself says of its configuration. The end of it is enough, and its code is behind it.
accepted() { # script, and a pattern of words that are a refusal, too; either may be empty
  [ -n "$1" ] || return 0
  said=$({ as_reader 60 sh -c "$1" < /dev/null 2>&1; printf ' %s' "$?"; } | tail -c 4000)
  code=${said##* }; said=$(printf '%s' "${said% *}" | sed '/^[[:space:]]*$/d')
  if [ "$code" = 0 ] && { [ -z "$2" ] || ! printf '%s\n' "$said" | grep -Eq -e "$2"; }; then return 0; fi
  [ "$code" != 124 ] || said="no answer within 60 s. $said"
  printf 'it does not accept its configuration: %s\n%s\n' "$(printf '%s' "${said:-it ended with $code}" | tr '\n' ' ' | cut -c 1-600)" "$said" >&2
  return 1
}

act_service() { # n run-dir seconds unit text unit-script keeper-script check pattern members spec inputs…
  n=$1; r=$2; s=$3; unit=$4; text=$5; exec=$6; script=$7; check=$8; pattern=$9; shift 9
  accepted "$check" "$pattern" || return 1 # before what runs is stopped
  if have_systemd; then act_unit "$n" "$r" "$s" "$unit" "$text" "$exec" "$@"; return; fi
  how=started
  if runs "$r"; then how='started again'; stop_service "$r" "$s" || return 1; fi
  run_dir "$r" && rm -rf -- "$r/own" && new_dir "$r/own" 700 "$U" || return 1
  printf '%s' "$script" | for_account "$r/run" && apply "$r" '' "$@" || return 1
  # A service outlives the run that starts it, so neither it nor the `runuser` that waits for it carries its mark; where a
  # key has a command of its own, sshd keeps ours, with the mark in it, in a variable.
  # shellcheck disable=SC2016 # the other shell expands it
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
  say_begun
}

say_begun() { if [ "$how" = started ]; then say "$n" made started; else say "$n" restarted "$how"; fi; } # gets n and how

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
    # shellcheck disable=SC2086 # pids
    end_waiting "$2" $waiting
    say "$1" made 'stopped'; return 0
  fi
  stop_service "$2" "$3" || return 1
  say "$1" made 'stopped'
}
