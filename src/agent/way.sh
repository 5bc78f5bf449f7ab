# Who may change the way to a path, and so who acts there: docs/security.md says why.

# An account that runs a component may put links where it likes in what belongs to it. So root acts only where nobody
# else can change the way; everywhere else the account acts itself, and can do no more than it may. There is no third case:
# where we come as the account ourselves, nothing is done behind a way that others can change.
# Of an account that may, too.
also_id=

# shellcheck disable=SC2086 # lines of stat
chain_is_ours() { # an absolute directory, perhaps a name in it: nobody else can change the way, or exchange that; links that are ours do not matter
  t=$1 entry=${2:+"$1/$2"}; set -- /
  while [ -n "$t" ] && [ "$t" != / ]; do set -- "$@" "$t"; t=${t%/*}; done
  steps=$#
  about=$(stat -c '%u %a %U:%G %F' -- /proc/self/ "$@" ${entry:+"$entry"} 2>/dev/null)
  set -f; IFS=$nl; set -- $about; unset IFS; set +f
  [ "$#" -gt "$steps" ] || return 1
  my_id=${1%% *}; shift
  at=0 open=
  for one in "$@"; do
    at=$((at + 1))
    case $one in "0 "*|"$my_id "*|"$also_id "*) theirs= ;; *) theirs=y ;; esac
    if [ "$at" -gt "$steps" ]; then [ -z "$open" ] || [ -z "$theirs" ]; return; fi
    [ -z "$theirs" ] || return 1
    mode=${one#* } group=${one#* * }; mode=${mode%% *} group=${group%% *}
    case $mode' '${one##* } in
      *' link') ;;
      [1357]??[2367]' directory'|[1357]?[2367]?' directory') [ "$at" != 2 ] || open=y ;; # who may write there may not exchange what is not his
      *[2367]' directory') return 1 ;;
      *[2367]?' directory') [ "${group%:*}" = "${group#*:}" ] && [ "${group%:*}" != root ] || return 1 ;; # a group that is an account's own
      *' directory') ;;
      *) return 1 ;;
    esac
  done
}

no_links() { # an absolute directory: whether it is where its name says
  case $1/ in */./*|*/../*|*//*) return 1 ;; /*) ;; *) return 1 ;; esac
  t=$1
  while [ -n "$t" ]; do [ ! -L "$t" ] || return 1; t=${t%/*}; done
}

trusted() { # path: only root, or we, can change what leads to it, or exchange it
  case $1 in /*) ;; *) return 1 ;; esac
  chain_is_ours "${1%/*}" "${1##*/}" || return 1
  if no_links "${1%/*}"; then return 0; fi
  at=$(readlink -f -- "${1%/*}/")
  [ "$at" = "${1%/*}" ] || [ "$at" = / ] || chain_is_ours "$at" "${1##*/}"
}

real() { # path: its directory without links
  if no_links "${1%/*}"; then printf '%s' "$1"; return; fi
  at=$(readlink -f -- "${1%/*}/"); printf '%s/%s' "${at%/}" "${1##*/}"
}

real_line() { # path: gives `a_line`, the same, for lists that have one path a line. Where links lead an account may have chosen.
  a_line=$(real "$1")
  case $a_line in *"$nl"*) echo "$1 leads to a name with a line end in it, so it is not followed: $a_line" >&2; return 1 ;; esac
}

parent_of() { # path: gives `parent`
  parent=${1%"${1##*[!/]}"}
  case $parent in */*) ;; ?*) parent=.; return ;; esac
  parent=${parent%/*}; parent=${parent%"${parent##*[!/]}"}
  [ -n "$parent" ] || parent=/
}

changed_by_others() { # an absolute directory: gives `by_others`, the first on the way to it that others than root, or we, can change, whose it is and its mode
  by_others=
  if trusted "${1%/}/x"; then return; fi
  for way in "$1" "$(readlink -f -- "$1")"; do
    on_way= left_of=${way#/}
    while [ -n "$left_of" ]; do
      on_way=$on_way/${left_of%%/*}
      case $left_of in */*) left_of=${left_of#*/} ;; *) left_of= ;; esac
      chain_is_ours "$on_way" || { by_others=$(stat -c '%n	%U:%G	%a' -- "$on_way"); return; }
    done
  done
}

not_our_way() { # path: says who else could change it
  changed_by_others "${1%/*}"
  if [ -z "$by_others" ]; then echo "$1: ${1%/*} was there a moment ago, and is not any more" >&2; return; fi
  who=${by_others#*	}
  echo "others than $(id -un) can change ${by_others%%	*} (${who%	*}, mode ${who#*	}), and so what $1 is, so nothing is done there: \`chown $(id -un) ${by_others%%	*}\` and \`chmod go-w ${by_others%%	*}\`, or use another directory" >&2
}

# What only root, or we, can change stays so until one of us changes it.
our_ways=$nl

is_our_way() { # path
  case $our_ways in *"$nl${1%/*}$nl"*) return 0 ;; esac
  trusted "$1" || return 1
  [ -n "$open" ] || our_ways=$our_ways${1%/*}$nl
}

by() { # path, a command: whoever may change it does
  way=$1; shift
  case $way in
    /*) if is_our_way "$way"; then "$@"; return; fi
      [ -n "$U" ] && know_account || { not_our_way "$way"; return 1; } ;;
  esac
  as_owner sh -c "$reading$changing
\"\$@\"" sh "$@"
}
