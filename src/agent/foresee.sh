# What many looks ask is asked at once, by one process rather than two for each. Only where nothing acts meanwhile, and
# of paths without tabs, line ends and backslashes. What is not known so is asked for by itself.

modes= sums=

foresee_modes() { # and who we are: what is /proc/self/ belongs to that very process
  modes=$modes$(stat -c '%n	%a	%U	%F	%s' -- /proc/self/ "$@" 2>/dev/null)$nl
  among "$modes" '/proc/self/	'; my_name=${rest#*	}; my_name=${my_name%%	*}
}

# What is the account's is read as the account, a little of it, and not for ever.
foresee_content() { # run-dirs of services, `--`, then path and bytes of each file, `-` where nobody knows how many it should have
  to_see=$# of_files=
  while [ "$to_see" -gt 0 ]; do
    if [ "$1" = -- ]; then of_files=y; set -- "$@" --
    elif [ -z "$of_files" ]; then
      own_known=$own_known$1$nl
      [ ! -d "$1/own" ] || set -- "$@" "$1"
    else
      if other_size "$1" "$2"; then sums="${sums}SHA256 ($1) = none, since it has another size$nl"; else set -- "$@" "$1"; fi
      shift; to_see=$((to_see - 1))
    fi
    shift; to_see=$((to_see - 1))
  done
  [ "$*" != -- ] || return 0
  case "$*" in *' --') for_long=10 ;; *) for_long=60 ;; esac
  own_said=$(as_reader "$for_long" sh -c "$foreseen
foreseen \"\$@\"" sh "$@" 2>/dev/null)$nl
  sums=$sums${own_said#*"$nl--$nl"}
  own_said=${own_said%%"$nl--$nl"*}$nl
}

foresee_units() { # names of units of the system
  have_systemd && [ "$M" = system ] || return 0
  for one do shift; set -- "$@" "/etc/systemd/system/$one"; done
  sums=$sums$(sha256sum --tag -- "$@" 2>/dev/null)$nl
}

# Line by line: `${modes#*…}` would try each beginning of the whole.
among() { # what was foreseen, how its line begins: gives `rest`, what that line says more
  rest=
  set -f; IFS=$nl
  for one in $1; do case $one in "$2"*) rest=${one#"$2"} ;; esac; done
  unset IFS; set +f
}

mode_is() { # path, four octal digits: gives `mode`. Where a directory has more than was asked for of what comes from the one above it (set-id bits), chmod leaves it.
  among "$modes" "$1	"; mode=${rest%%	*}; [ -n "$mode" ] || mode=$(stat -c %a -- "$1") || mode=
  case $mode in ?) four=000$mode ;; ??) four=00$mode ;; ???) four=0$mode ;; *) four=$mode ;; esac
  [ "$four" != "$2" ] || return 0
  [ -d "$1" ] && [ "${four#?}" = "${2#?}" ] || return 1
  f=${four%???} w=${2%???}; [ $(((f & ~w & 1) | (w & ~f))) = 0 ]
}

sum_of() { among "$sums" "SHA256 ($1) = "; sum=$rest; [ -n "$sum" ] || sum=$(within='timeout -k 2 60'; by "$1" digest "$1" 2>/dev/null); }

other_size() { # path, bytes or `-`: whether it has another size, so that nothing need be read
  [ "$2" != - ] || return 1
  among "$modes" "$1	"; [ -n "$rest" ] || rest=$(stat -c '	%F	%s' -- "$1" 2>/dev/null)
  case $rest in *'	regular file	'*) [ "${rest##*	}" != "$2" ] ;; *) return 1 ;; esac
}
