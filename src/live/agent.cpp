#include "live/agent.hpp"

#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/agent_parts.hpp"

namespace tidelab::live {

// S: state directory of the lab on the host; O: where an earlier release had it. U: account that things belong to, or empty for our own.
const std::string& agent_source() {
  static const std::string source = R"sh(
set -u
umask 077 # what others may read is given its mode
LC_ALL=C; export LC_ALL
# POSIXLY_CORRECT may be set, so `--` comes before the first word. (Unsetting it would take bash out of its POSIX mode.)
kept=0 # how many steps were found as they must be
unsure= # set where one of them is a service that is kept running, and does not run just now
say() { [ "$2" != holds ] || kept=$((kept + 1)); printf '=%s\t%s\t%s\n' "$1" "$2" "$3"; }
# A number of others, before arithmetic or anybody else takes it for one: some shells would run what is written in its place.
number() { case $1 in ''|*[!0-9]*|0?*|????????????????*) return 1 ;; esac; }
# What is there is known again by the moment of its birth: 0 where the file system does not know it.
birth() { b=$(stat -c %W -- "$1" 2>/dev/null); case $b in ''|*[!0-9]*) b=0 ;; esac; printf '%s' "$b"; }

# What many looks ask is asked at once, by one process rather than two for each. Only where nothing acts meanwhile, and
# of paths without tabs, line ends and backslashes. What is not known so is asked for by itself.
nl='
'
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
  own_said=$(as_reader "$for_long" sh -c "$content" sh "$@" 2>/dev/null)$nl
  sums=$sums${own_said#*"$nl--$nl"}
  own_said=${own_said%%"$nl--$nl"*}$nl
}
content='
while read -r key value rest; do case $key in Uid:) echo "uid $value"; break ;; esac; done < /proc/self/status
said=
while [ "$1" != -- ]; do
  for f in supervisor child ended; do if [ -f "$1/own/$f" ]; then said="$said
$1/own/$f"; fi; done
  shift
done
shift
set -f; IFS="
"
[ -z "$said" ] || head -v -c 200 -- $said
unset IFS
echo "
--"
for f do shift; [ ! -f "$f" ] || set -- "$@" "$f"; done # a link to a device, or a pipe, could be read for ever
[ $# = 0 ] || exec sha256sum --tag -- "$@"
'
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

readers='
digest() { sum=$([ ! -f "$1" ] || timeout 60 sha256sum < "$1" 2>/dev/null); printf "%s\n" "${sum%% *}"; }
first_line() { [ ! -f "$1" ] || head -c 4096 -- "$1" | head -n 1; }
'
eval "$readers"
tools='
# OpenSSL uses the instructions that processors have for it, and sha256sum often does not; but it takes longer to start.
large_digest() {
  sum=$(openssl dgst -sha256 -r < "$1" 2>/dev/null); sum=${sum%% *}
  case $sum in ""|*[!0-9a-f]*) digest "$1" ;; *) printf "%s\n" "$sum" ;; esac
}
new_dir() { # path mode owner: it has both when it is born, or soon after where nobody can come between; 3: it was there
  if ! said=$(mkdir -m "$2" -- "$1" 2>&1); then
    [ ! -d "$1" ] || return 3
    printf "%s\n" "$said" >&2; return 1
  fi
  if [ -n "$3" ] && [ "$(id -u)" = 0 ]; then chown -h -- "$3:" "$1"; fi
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
extract() ( # into strip flag: names as they are, since they are what is taken away later; directories that were there keep their mode
  umask 022
  run() { "$@"; }
  if [ "$(id -u)" = 0 ] && setpriv --bounding-set=-mknod --inh-caps=-mknod true 2>/dev/null; then run() { setpriv --bounding-set=-mknod --inh-caps=-mknod -- "$@"; }; fi # no archive makes a device
  run tar -x"$3"f - -C "$1" --strip-components="$2" --no-same-owner --no-overwrite-dir --show-transformed-names --quoting-style=literal -v
)
only_files() { # a directory: what of it is in no list, or nobody wants, refuses it
  odd=$(find "$1" \( -type b -o -type c -o -name "*
*" \) | head -c 200)
  [ -z "$odd" ] || { printf "the archive has something in it that is neither file, directory nor link, or a name with a line end: %s\n" "$odd" | tr "\n" " " >&2; return 1; }
}
give_inside() { # directory owner: all that is in it, and not the directory, which keeps others out until it is empty
  [ -n "$2" ] && [ "$(id -u)" = 0 ] || return 0
  for c in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ ! -e "$c" ] && [ ! -L "$c" ]; then continue; fi
    chown -hR -- "$2:" "$c" || return 1
  done
}
both() { # new old top: the first that would take the place of another; directories that are there are named, as `//` and their name from `top` on
  for c in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    o=$2/${c##*/}
    if [ ! -e "$c" ] && [ ! -L "$c" ]; then continue; fi
    if [ -d "$c" ] && [ ! -L "$c" ] && [ -d "$o" ] && [ ! -L "$o" ]; then printf "//%s/\n" "${c#"$3"/}"; (both "$c" "$o" "$3") || return 1
    elif [ -e "$o" ] || [ -L "$o" ]; then echo "$o is there already, and not of this lab: the archive would overwrite it, so use another directory" >&2; return 1; fi
  done
}
join() { # new old owner
  for c in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    o=$2/${c##*/}
    if [ ! -e "$c" ] && [ ! -L "$c" ]; then continue; fi
    if [ -d "$o" ] && [ ! -L "$o" ]; then
      # While something is moved there, a directory of the account is nobody else to change.
      lent=; if [ -n "$3" ] && [ "$(id -u)" = 0 ] && [ ! -O "$o" ]; then lent=$(stat -c "%a %u:%g" -- "$o"); chown -h -- 0 "$o" && chmod -- go-w "$o" || return 1; fi
      (join "$c" "$o" "$3"); code=$?
      [ -z "$lent" ] || { chmod -- "${lent%% *}" "$o" && chown -h -- "${lent#* }" "$o" || return 1; }
      [ "$code" = 0 ] || return 1
    elif [ -e "$o" ] || [ -L "$o" ]; then echo "$o is there by now: the archive would overwrite it" >&2; return 1
    else mv -nT -- "$c" "$o" || return 1; fi
  done
}
extract_beside() { # into strip flag owner: the directory was there before, and nothing of others in it is overwritten
  new="$1/.tidelab-new"
  rm -rf -- "$new"; mkdir -m 700 -- "$new" || return 1
  if extract "$new" "$2" "$3" && only_files "$new" && give_inside "$new" "$4" && both "$new" "$1" "$new" && join "$new" "$1" "$4"; then rm -rf -- "$new"
  else rm -rf -- "$new"; return 1; fi
}
'
eval "$tools"

# Directories on the way are noted as `parent`: they go again only when they are empty.
make_dir() { # kind path mode: gives `fresh`, unless it was there. First it is noted as one that goes when it is empty, so that no interruption leaves it unknown.
  fresh=
  whose_way "$2"
  made=$(real "$2"); record parent "$made" || return 1
  trap '' TERM HUP INT
  owner=; [ "$1" != dir ] || owner=$U
  by "$2" new_dir "$2" "${3:-755}" "$owner"
  case $? in 0) fresh=y ;; 3) trap - TERM HUP INT; return 0 ;; *) trap - TERM HUP INT; return 1 ;; esac
  # Its birth first: a `dir` that stands there is known whole.
  if [ "$1" = dir ]; then { born "$made" && record dir "$made"; } || { by "$2" rmdir -- "$2"; trap - TERM HUP INT; return 1; }; fi
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

look_file() { # n path digest mode bytes
  if [ ! -e "$2" ]; then say "$1" differs 'is missing'
  elif [ ! -f "$2" ]; then say "$1" differs 'is no file'
  elif other_size "$2" "$5"; then say "$1" differs 'has other content'
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
  whose_way "$2"
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
  elif (within='timeout -k 2 60'; by "$2" timeout 60 grep -qxF -e "$4" -- "$2" 2>/dev/null); then say "$1" holds ''
  else say "$1" differs 'the line is missing'; fi
}
act_line() {
  if is_foreign "$2"; then echo "$2 is not of this lab, so it is not changed" >&2; return 1; fi
  whose_way "$2"
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
    note_account
  fi
  say "$1" made ''
}
)sh";
  return source;
}

std::string agent_script(const AgentAt& at, const std::string& calls) {
  static const AgentParts parts(agent_source() + agent_way_source() + agent_list_source() + agent_unpack_source() + agent_service_source() +
                                agent_unit_source() + agent_turn_source() + agent_sweep_source() + agent_preflight_source());
  // Where we come as the account itself, nothing else says whether its records, and what lies beside them, are still what we left.
  const std::string first = at.user.empty() ? "[ ! -d \"$S\" ] || trusted \"$S/x\" || { not_our_way \"$S/x\"; exit 77; }\n" : std::string();
  const auto body = first + calls;
  return fmt::format("{{\n{}\nS={}; O={}; U={}; M={}\n{}{}\n}}\n", whole_path, host::quote(at.state_dir), host::quote(at.earlier_state_dir),
                     host::quote(at.user), at.of_user ? "user" : "system", parts.needed_by(body), body);
}

}  // namespace tidelab::live
