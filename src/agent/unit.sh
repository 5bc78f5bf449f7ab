# Services of a host whose pid 1 is systemd. M: whose manager keeps them, `system` or `user`. What a service's directory
# says in `unit` (mode and path) is what holds for it later, whatever M is by then.

have_systemd() { [ -d /run/systemd/system ] && command -v systemctl > /dev/null 2>&1; }

ctl() { # mode words…
  cm=$1; shift
  if [ "$cm" = system ]; then systemctl "$@" < /dev/null; return; fi
  # The account has no session here, only its manager, which listens in this directory.
  runtime=/run/user/$(id -u "$(account)")
  if [ -n "$U" ]; then env -i "PATH=$PATH" LC_ALL=C "XDG_RUNTIME_DIR=$runtime" runuser -u "$U" -- systemctl --user "$@" < /dev/null
  else XDG_RUNTIME_DIR=$runtime systemctl --user "$@" < /dev/null; fi
}

unit_path() { if [ "$M" = system ]; then printf '/etc/systemd/system/%s\n' "$1"; else printf '%s/.config/systemd/user/%s\n' "$(home_of "$(account)")" "$1"; fi; }
in_unit() { [ -f "$1/unit" ] && read -r um up < "$1/unit"; } # run-dir: gives its mode and path
is_ours() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(within='timeout -k 2 60'; by "$1" first_line "$1" 2>/dev/null)" = "# tidelab: $S" ]; }

unit_state() { # mode unit: gives active, main, again
  active=unknown; main=0; again=0
  shown=$(ctl "$1" show -p ActiveState -p MainPID -p NRestarts -- "$2" 2>&1) || return 1
  while IFS='=' read -r key value; do
    case $key in ActiveState) active=$value ;; MainPID) number "$value" && main=$value ;; NRestarts) number "$value" && again=$value ;; esac
  done <<EOF
$shown
EOF
  case $active in *[!a-z-]*) active=unknown ;; esac # an account's manager says what the account likes
}

wanted_link() { case $um in system) t=multi-user ;; *) t=default ;; esac; printf '%s/%s.target.wants/%s\n' "${up%/*}" "$t" "${up##*/}"; }
is_kept() { unit_state "$um" "${up##*/}" && case $active in active|activating|reloading) return 0 ;; *) return 1 ;; esac; }

look_unit() { # n run-dir unit text-digest members spec inputs…
  n=$1; r=$2; unit=$3; text=$4; shift 4
  if ! in_unit "$r"; then
    if keeps "$r" supervisor; then say "$n" outdated 'runs without systemd'; else say "$n" differs 'is not running'; fi
  elif [ "$um" != "$M" ] || [ "${up##*/}" != "$unit" ]; then say "$n" outdated 'its unit is another'
  elif [ ! -L "$(wanted_link)" ]; then say "$n" outdated 'is not started at boot'
  elif ! is_kept; then say "$n" differs "is not running ($active)"
  elif ! was_applied "$r" "$@"; then say "$n" outdated 'runs with an older configuration'
  elif sum_of "$up"; [ "$sum" != "${was_unit:-$text}" ]; then say "$n" outdated 'its unit is another'
  else [ "$active $main" != "active 0" ] && [ "$active" != activating ] || unsure=y; say "$n" holds 'is running'; fi
}

# The manager of an account runs without a login, and from boot on, only when the account lingers.
need_manager() {
  [ "$M" = user ] || return 0
  a=$(account)
  if [ ! -e "/var/lib/systemd/linger/$a" ]; then
    record linger "$a" || return 1
    loginctl enable-linger "$a" || { echo "services of $a cannot be kept running: as root, \`loginctl enable-linger $a\`; or \`systemd_mode: system\`" >&2; return 1; }
  fi
  i=0
  until ctl user is-system-running > /dev/null 2>&1 || manager_listens; do
    # One that was stopped, or gave up, does not come back by itself.
    if [ "$i" = 0 ] && [ "$(id -u)" = 0 ]; then systemctl start "user@$(id -u "$a").service" < /dev/null; fi
    if [ "$i" -ge 100 ]; then echo "the systemd of $a does not start: as root, \`systemctl start user@$(id -u "$a")\`" >&2; return 1; fi
    sleep 0.1; i=$((i + 1))
  done
}

manager_listens() { [ -S "/run/user/$(id -u "$(account)")/systemd/private" ]; }

# A manager that does not run cannot take its unit out of its start, so the link goes as a file.
not_at_start() { # mode
  [ "$1" = user ] && ! manager_listens || return 0
  link=$(wanted_link)
  by "$link" rm -f -- "$link" && by "${link%/*}" rmdir -- "${link%/*}" 2>/dev/null
}

drop_unit() { # mode path
  um=$1 up=$2
  [ "$1" = system ] || manager_listens || { not_at_start user; by "$2" rm -f -- "$2"; return 0; }
  ctl "$1" disable --quiet -- "${2##*/}" 2>/dev/null
  ctl "$1" stop -- "${2##*/}" 2>/dev/null
  unit_state "$1" "${2##*/}"
  case $active in inactive|failed|unknown) ;; *) echo "${2##*/} does not stop ($active)" >&2; return 1 ;; esac
  by "$2" rm -f -- "$2"
  ctl "$1" daemon-reload
  ctl "$1" reset-failed -- "${2##*/}" 2>/dev/null
  return 0
}

act_unit() { # n run-dir seconds unit text script members spec inputs…
  n=$1; r=$2; s=$3; unit=$4; text=$5; script=$6; shift 6
  how=started # `again` is unit_state's
  if runs "$r"; then how='started again'; stop_service "$r" "$s" || return 1; fi
  need_manager && run_dir "$r" || return 1
  if in_unit "$r"; then
    is_kept && how='started again'
    new=$(unit_path "$unit")
    # It is stopped before anything that it runs on changes, so that no process is left on a new configuration.
    if [ "$um $up" = "$M $new" ]; then ctl "$um" stop -- "$unit" 2>/dev/null; elif is_ours "$up"; then drop_unit "$um" "$up" || return 1; fi
  fi
  um=$M; up=$(unit_path "$unit")
  if [ -L "$up" ] && [ "$(readlink -- "$up")" = /dev/null ]; then echo "$up is masked: \`systemctl unmask ${up##*/}\`, or give the lab another name with \`global.lab\`" >&2; return 1; fi
  if [ -e "$up" ] && ! is_ours "$up"; then echo "$up is there already, and of another lab ($(by "$up" first_line "$up" | cut -c 1-200)): give one of them another name with \`global.lab\`" >&2; return 1; fi
  need_dir "${up%/*}" || return 1
  [ -e "$up" ] || record unit "$up" || return 1
  printf '%s %s\n' "$um" "$up" > "$r/unit.part" && mv -f -- "$r/unit.part" "$r/unit" || return 1
  if [ -n "$script" ]; then printf '%s' "$script" | for_account "$r/exec" || return 1; fi
  printf '%s' "$text" | by "$up" put "$up" 644 '' '' || return 1
  sum_of "$up"
  apply "$r" "$sum" "$@" || return 1
  ctl "$um" daemon-reload && ctl "$um" enable --quiet -- "$unit" && ctl "$um" start -- "$unit" || {
    ctl "$um" status --no-pager --lines=20 -- "$unit" >&2
    return 1
  }
  say_begun
}

halt_unit() { # run-dir, once it is in_unit: it neither runs nor starts at boot
  not_at_start "$um"
  ctl "$um" disable --quiet -- "${up##*/}" 2>/dev/null
  ctl "$um" stop -- "${up##*/}" 2>/dev/null
  unit_state "$um" "${up##*/}"
  case $active in inactive|failed|unknown) return 0 ;; esac
  echo "${up##*/} does not stop ($active)" >&2; return 1
}

halted_unit() { # a manager of an account that is not there keeps nothing running
  unit_state "$um" "${up##*/}"
  case $active in inactive|failed) ;; unknown) [ "$um" = user ] || return 1 ;; *) return 1 ;; esac
  [ ! -L "$(wanted_link)" ]
}

drop_linger() { # account
  [ -e "/var/lib/systemd/linger/$1" ] || return 0
  loginctl disable-linger "$1" || return 1
  # Its manager ends soon after; an account cannot be removed before.
  [ "$(id -u)" != 0 ] || systemctl stop "user@$(id -u "$1").service"
}
