#include "live/agent.hpp"

#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/agent_parts.hpp"

namespace tidelab::live {

// S: state directory of the lab on the host. U: account that things belong to, or empty for our own.
const std::string& agent_source() {
  static const std::string source = R"sh(
set -u
umask 022
LC_ALL=C; export LC_ALL
# POSIXLY_CORRECT may be set, so `--` comes before the first word. (Unsetting it would take bash out of its POSIX mode.)
kept=0 # how many steps were found as they must be
unsure= # set where one of them is a service that is kept running, and does not run just now
say() { [ "$2" != holds ] || kept=$((kept + 1)); printf '=%s\t%s\t%s\n' "$1" "$2" "$3"; }
give() { [ -z "$U" ] || chown -h -- "$U:" "$1"; }
# What is there is known again by the moment of its birth: 0 where the file system does not know it.
birth() { b=$(stat -c %W -- "$1" 2>/dev/null); case $b in ''|*[!0-9]*) b=0 ;; esac; printf '%s' "$b"; }

# What many looks ask is asked at once, by one process rather than two for each. Only where nothing acts meanwhile, and
# of paths without tabs, line ends and backslashes. What is not known so is asked for by itself.
nl='
'
modes= sums=
foresee_modes() { # and who we are: what is /proc/self/ belongs to that very process
  modes=$modes$(stat -c '%n	%a	%U' -- /proc/self/ "$@" 2>/dev/null)$nl
  among "$modes" '/proc/self/	'; my_name=${rest#*	}
}
foresee_sums() { sums=$sums$(sha256sum --tag -- "$@" 2>/dev/null)$nl; }
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
sum_of() { among "$sums" "SHA256 ($1) = "; sum=$rest; [ -n "$sum" ] || sum=$(digest "$1"); }

# An account that runs a component may put links where it likes in what belongs to it. So root acts only where nobody
# else can change the way; everywhere else the account acts itself, and can do no more than it may.
chain_is_ours() { # an absolute directory: nobody else can change it or what leads to it; links that are ours do not matter
  t=$1; set -- /
  while [ -n "$t" ]; do set -- "$@" "$t"; t=${t%/*}; done
  about=$(stat -c '%u %a %F' -- "$@" 2>/dev/null) || return 1
  [ -n "$my_id" ] || my_id=$(id -u)
  set -f; IFS=$nl; set -- $about; unset IFS; set +f
  for one in "$@"; do
    case $one in "0 "*|"$my_id "*) ;; *) return 1 ;; esac
    case ${one#* } in
      *' symbolic link') ;;
      [1357]???' directory') ;; # who may write there may not exchange what is not his
      *[2367]' directory'|*[2367]?' directory') return 1 ;;
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
trusted() { # path: only root, or we, can change what leads to it
  case $1 in /*) ;; *) return 1 ;; esac
  chain_is_ours "${1%/*}" || return 1
  if no_links "${1%/*}"; then return 0; fi
  at=$(readlink -f -- "${1%/*}/")
  [ "$at" = "${1%/*}" ] || [ "$at" = / ] || chain_is_ours "$at"
}
real() { # path: its directory without links
  if no_links "${1%/*}"; then printf '%s' "$1"; return; fi
  at=$(readlink -f -- "${1%/*}/"); printf '%s/%s' "${at%/}" "${1##*/}"
}
parent_of() { # path: gives `parent`
  parent=${1%"${1##*[!/]}"}
  case $parent in */*) ;; ?*) parent=.; return ;; esac
  parent=${parent%/*}; parent=${parent%"${parent##*[!/]}"}
  [ -n "$parent" ] || parent=/
}
as_owner() { if [ -z "$U" ]; then "$@"; else runuser -u "$U" -- "$@"; fi; }
by() { # path, a command: whoever may change it does
  way=$1; shift
  if [ -z "$U" ] || trusted "$way" || ! id -u "$U" > /dev/null 2>&1; then "$@"; else as_owner sh -c "$tools
\"\$@\"" sh "$@"; fi
}
tools='
digest() { sum=$(sha256sum < "$1" 2>/dev/null); printf "%s\n" "${sum%% *}"; }
# OpenSSL uses the instructions that processors have for it, and sha256sum often does not; but it takes longer to start.
large_digest() {
  sum=$(openssl dgst -sha256 -r < "$1" 2>/dev/null); sum=${sum%% *}
  case $sum in ""|*[!0-9a-f]*) digest "$1" ;; *) printf "%s\n" "$sum" ;; esac
}
put() { # path mode owner digest, and what tells that: what comes on stdin is there whole or not at all
  new="$1.tidelab-$$"
  if [ -e "$new" ] || [ -L "$new" ]; then rm -f -- "$new"; fi
  (set -C; cat > "$new") || { rm -f -- "$new"; return 1; }
  if [ -n "$4" ] && [ "$("${5:-digest}" "$new")" != "$4" ]; then rm -f -- "$new"; echo "$1 arrived incomplete" >&2; return 1; fi
  if [ -n "$2" ]; then chmod -- "$2" "$new" || return 1; fi
  if [ -n "$3" ] && [ "$(id -u)" = 0 ]; then chown -h -- "$3:" "$new" || return 1; fi
  mv -fT -- "$new" "$1" || { rm -f -- "$new"; return 1; }
}
put_line() { # path match line owner
  M=$2 L=$3 awk "BEGIN { m = ENVIRON[\"M\"]; l = ENVIRON[\"L\"] }
    !done && m != \"\" && index(\$0, m) == 1 { print l; done = 1; next } { print }
    END { if (!done) print l }" < "$1" | put "$1" "$(stat -c %a -- "$1")" "$4" ""
}
drop_names() { # directory, manifest on stdin: takes away exactly the files that it lists
  names=$(cat)
  printf "%s\\n" "$names" | while IFS= read -r n; do
    case "/$n/" in */../*|//*) continue ;; esac
    [ -d "$1/$n" ] && [ ! -L "$1/$n" ] || rm -f -- "$1/$n"
  done 2>/dev/null
  printf "%s\\n" "$names" | sort -r | while IFS= read -r n; do
    case "/$n/" in */../*|//*) continue ;; esac
    [ -d "$1/$n" ] && [ ! -L "$1/$n" ] && rmdir -- "$1/$n" 2>/dev/null
  done
  return 0
}
extract() { # into strip flag: names as they are, since they are what is taken away later; directories that were there keep their mode
  tar -x"$3"f - -C "$1" --strip-components="$2" --no-same-owner --no-overwrite-dir --show-transformed-names --quoting-style=literal -v
}
both() { # new old top: the first that would take the place of another; directories that are there are named, as `//` and their name from `top` on
  for c in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    o=$2/${c##*/}
    if [ ! -e "$c" ] && [ ! -L "$c" ]; then continue; fi
    if [ -d "$c" ] && [ ! -L "$c" ] && [ -d "$o" ] && [ ! -L "$o" ]; then printf "//%s/\n" "${c#"$3"/}"; (both "$c" "$o" "$3") || return 1
    elif [ -e "$o" ] || [ -L "$o" ]; then echo "$o is there already, and not of this lab: the archive would overwrite it, so use another directory" >&2; return 1; fi
  done
}
join() { # new old
  for c in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    o=$2/${c##*/}
    if [ ! -e "$c" ] && [ ! -L "$c" ]; then continue; fi
    if [ -d "$o" ] && [ ! -L "$o" ]; then (join "$c" "$o") || return 1; else mv -T -- "$c" "$o" || return 1; fi
  done
}
extract_beside() { # into strip flag owner: the directory was there before, and nothing of others in it is overwritten
  new="$1/.tidelab-new"
  rm -rf -- "$new"; mkdir -m 700 -- "$new" || return 1
  if extract "$new" "$2" "$3" && { [ -z "$4" ] || [ "$(id -u)" != 0 ] || chown -hR -- "$4:" "$new"; } && both "$new" "$1" "$new" && join "$new" "$1"; then rm -rf -- "$new"
  else rm -rf -- "$new"; return 1; fi
}
'
eval "$tools"

# Directories on the way are noted as `parent`: they go again only when they are empty.
make_dir() { # kind path mode: gives `fresh`, unless it was there. First it is noted as one that goes when it is empty, so that no interruption leaves it unknown.
  fresh=
  made=$(real "$2"); record parent "$made" || return 1
  trap '' TERM HUP INT
  if ! by "$2" mkdir -m "${3:-755}" -- "$2" 2>/dev/null; then
    [ ! -d "$2" ] || { trap - TERM HUP INT; return 0; }
    by "$2" mkdir -m "${3:-755}" -- "$2" || { trap - TERM HUP INT; return 1; } # says why
  fi
  fresh=y
  if [ "$1" = dir ]; then
    # Its birth first: a `dir` that stands there is known whole.
    { born "$made" && record dir "$made"; } || { by "$2" rmdir -- "$2"; trap - TERM HUP INT; return 1; }
    if [ -n "$U" ] && [ "$(stat -c %U -- "$2")" != "$U" ]; then give "$2"; fi
  fi
  trap - TERM HUP INT
}
need_dir() {
  [ -d "$1" ] && return 0
  if [ -e "$1" ] || [ -L "$1" ]; then echo "$1 exists and is not a directory" >&2; return 1; fi
  parent_of "$1"
  need_dir "$parent" && make_dir parent "$1"
}

look_dir() {
  if [ ! -d "$2" ]; then say "$1" differs 'is missing'
  elif [ -n "$3" ] && ! mode_is "$2" "$3"; then say "$1" differs "has mode $mode"
  else say "$1" holds ''; fi
}
act_dir() {
  fresh=
  if [ ! -d "$2" ]; then
    parent_of "$2"
    need_dir "$parent" && make_dir dir "$2" "$3" || return 1
  fi
  [ -z "$3" ] || [ -n "$fresh" ] || by "$2" chmod -- "$3" "$2" || return 1
  say "$1" made ''
}

look_file() {
  if [ ! -e "$2" ]; then say "$1" differs 'is missing'
  elif sum_of "$2" && [ "$sum" != "$3" ]; then say "$1" differs 'has other content'
  elif [ -n "$4" ] && ! mode_is "$2" "$4"; then say "$1" differs "has mode $mode"
  else say "$1" holds ''; fi
}
# The content comes on stdin; it is in place whole or not at all.
act_file() { # n path digest mode, and what tells the digest
  parent_of "$2"
  need_dir "$parent" || return 1
  mine=; if is_made "$2"; then mine=y; fi
  if [ -d "$2" ]; then echo "$2 is a directory" >&2; return 1; fi
  if [ -z "$mine" ] && is_foreign "$2"; then echo "$2 is there already, and not of this lab: it would be overwritten, so move it away or use another directory" >&2; return 1; fi
  [ -e "$2" ] || [ -n "$mine" ] || record file "$(real "$2")" || return 1
  if [ -n "$mine" ]; then by "$2" put "$2" "$4" "$U" "$3" "${5:-}" || return 1
  else
    trap '' TERM HUP INT
    by "$2" put "$2" "$4" "$U" "$3" "${5:-}" && { born "$(real "$2")" || { by "$2" rm -f -- "$2"; false; }; } || { trap - TERM HUP INT; return 1; }
    trap - TERM HUP INT
  fi
  say "$1" made ''
}

look_line() {
  if [ ! -f "$2" ]; then say "$1" differs 'the file is missing'
  elif grep -qxF -e "$4" -- "$2"; then say "$1" holds ''
  else say "$1" differs 'the line is missing'; fi
}
act_line() {
  if is_foreign "$2"; then echo "$2 is not of this lab, so it is not changed" >&2; return 1; fi
  by "$2" put_line "$2" "$3" "$4" "$U" || return 1
  is_made "$2" || born "$(real "$2")"
  say "$1" made ''
}

look_user() { if [ "$2" = "$my_name" ] || id -u "$2" > /dev/null 2>&1; then say "$1" holds ''; else say "$1" differs 'is missing'; fi; }
no_account() { printf 'the account %s cannot be %s: %s\n%s\n' "$2" "$1" "$(printf '%s\n' "$3" | tail -n 1)" "$3" >&2; } # what is said last is the reason
# The mark in the account itself is what allows its removal: noting it before it is made loses none, and takes no other.
act_user() {
  if ! id -u "$2" > /dev/null 2>&1; then
    record user "$2" || return 1
    i=0
    until said=$(useradd --create-home --shell /bin/bash --comment tidelab -- "$2" 2>&1); do
      # Another tool has the accounts locked, for a moment usually.
      case $said in *' lock'*) [ "$i" -lt 25 ] ;; *) false ;; esac || { no_account made "$2" "$said"; return 1; }
      sleep 0.2; i=$((i + 1))
    done
    [ -z "$said" ] || printf '%s\n' "$said" >&2
    # What was made for the lab in its home, before there was an account, is its own.
    h=$(home_of "$2")
    awk '$1 == "parent"' "$S/owned" | while read -r kind p; do case "$p/" in "$h"/*) chown -h -- "$2:" "$p" ;; esac; done
  fi
  say "$1" made ''
}
)sh";
  return source;
}

std::string agent_script(const std::string& state_dir, const std::string& user, const std::string& calls, bool of_user) {
  static const AgentParts parts(agent_source() + agent_list_source() + agent_unpack_source() + agent_service_source() +
                                agent_unit_source() + agent_turn_source() + agent_sweep_source() + agent_preflight_source());
  return fmt::format("{{\n{}\nS={}; U={}; M={}\n{}{}\n}}\n", whole_path, host::quote(state_dir), host::quote(user),
                     of_user ? "user" : "system", parts.needed_by(calls), calls);
}

}  // namespace tidelab::live
