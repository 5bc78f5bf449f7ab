# Services of a host without systemd: a keeper (programs/keeper.sh) starts each again, and says what it sees in files of
# its account.

# What a keeper says lies in a directory of its account's, `own`: it is read as the account, as numbers, and decides neither
# what root reads nor whom it ends.
# What they say, and of which services that was asked ahead.
own_said= own_known=$nl

read_own() { # run-dir of a service
  own_said=$(as_reader 10 sh -c "$foreseen
foreseen \"\$@\"" sh "$1" -- 2>/dev/null)$nl
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

# Whom to end is read from where the account may write, so it is the account that ends them.
end_pids() { as_owner sh -c 'kill "$@"' sh "$@" 2>/dev/null; }

# `runuser` waits for the keeper as root, and stops with it when that is stopped; it stays so when the keeper is killed then.
waits_for() { # pid run-dir
  case "$(tr '\000' '\n' < "/proc/$1/cmdline" 2>/dev/null | sed -n '1p;$p' | tr '\n' ' ')" in "runuser $2 "|"runuser $S/$2 ") ;; *) return 1 ;; esac
}

waiting_for() { # run-dir: pids
  # shellcheck disable=SC2013 # names of /proc have no blanks
  [ -z "$U" ] || for q in $(grep -lsF -- "$1" /proc/[0-9]*/cmdline); do
    q=${q#/proc/}; q=${q%/cmdline}
    if waits_for "$q" "$1"; then echo "$q"; fi
  done
}

end_waiting() { # run-dir pids…
  w=$1; shift
  for q in "$@"; do if waits_for "$q" "$w"; then kill -KILL "$q" 2>/dev/null; fi; done
}

# shellcheck disable=SC2086 # members are pids
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
