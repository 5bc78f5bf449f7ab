#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/agent.hpp"

namespace tidelab::live {

// How a run works on a host: what it finds from earlier runs and from others, and steps that come together.
const std::string& agent_turn_source() {
  static const std::string source = R"sh(
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
  if [ "$1" = -n ]; then flock -n 8 2>/dev/null || exit 0
  else
    flock -E 75 -w 20 8 2>/dev/null
    [ $? != 75 ] || { told_lock "$(turn_place)"; exit 1; }
  fi
  shift; "$@"
) 8< "$(turn_place)"
turn_place() { # anybody may hold a lock on what he can open
  if [ "$(id -u)" = 0 ]; then case $(stat -c '%u %a' /root 2>/dev/null) in '0 '??0) printf /root; return ;; esac; fi
  printf /
}
told_lock() { # path: who holds a lock on it
  q=$(L=":$(stat -c %i -- "$1")" awk '$2 == "FLOCK" && index($6 "$", ENVIRON["L"] "$") { print $5; exit }' /proc/locks 2>/dev/null)
  echo "$1 is locked by ${q:+process $q (}$(tr '\000-\037\177-\377' ' ' 2>/dev/null < "/proc/${q:-none}/cmdline" | cut -c 1-120)${q:+)}, and has been for 20 s: end that, if it is not another tidelab" >&2
}
drop_unborn() { n=$(unborn); [ ! -d "$n" ] || ! ours_alone "$n" || rm -rf -- "$n"; }
claim() { # controller, who, `take` where the holder does not matter. On a full disk nobody can claim, but `down` must go on.
  claim_by=$1 claim_who=$2 claim_how=$3
  if [ ! -d "$S" ]; then not_of_earlier; [ ! -d "$(unborn)" ] || in_turn -n drop_unborn; return 0; fi
  # Without a list it is no lab's, or one that is only begun, by somebody who has not claimed it.
  ours_alone "$S" && [ -f "$S/owned" ] && [ ! -L "$S/owned" ] && is_list "$S/owned" || return 0
  { command : >> "$S/lock.guard"; } 2>/dev/null || return 0 # without `command` it would end some shells
  exec 9>> "$S/lock.guard"
  flock -w 20 9 || { told_lock "$S/lock.guard"; exit 77; }
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

# A shell says "I/O error" where it means a full disk. Which of the lab's file systems has no room or no inodes left:
no_room() {
  d=$S; while [ ! -d "$d" ]; do d=$(dirname -- "$d"); done
  { printf '%s\n' "$d"; sed -n 's/^dir //p' "$S/owned" 2>/dev/null; } | while IFS= read -r p; do if [ -e "$p" ]; then df -P -- "$p"; df -Pi -- "$p"; fi; done 2>/dev/null |
    awk '/%/ && $2 > 0 && $4 <= 4 { t = $1; $1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, ""); print " No space left on device: " $0 " (" t ")"; exit }'
}

# Steps that come together: of each a look_N and an act_N are defined. N, then the numbers of those that it needs.
held=' '
turn() {
  turn_n=$1; shift
  for turn_need in "$@"; do case $held in *" $turn_need "*) ;; *) return 0 ;; esac; done
  printf '=%s\n' "$turn_n" >&2 # what follows there is about this step
  turn_said=$("look_$turn_n")
  case $turn_said in *"	holds	"*) printf '%s\n' "$turn_said" ;; *)
    ( "act_$turn_n" ) || { say "$turn_n" failed "$?$(no_room)"; return 0; }
    # After a power cut what was made may be there, and the lines about it not, unless they are on the disk.
    sync -- "$S/owned" 2>/dev/null ;;
  esac
  held="$held$turn_n "
}
)sh";
  return source;
}

std::pair<std::string, std::string> run_mark(const std::string& state_dir, const std::string& run) {
  return {"TIDELAB_RUN", state_dir + ":" + run};
}

namespace {

// What marked() wants.
std::string marked_words(const std::string& state_dir, const std::string& run) {
  const auto [name, mark] = run_mark(state_dir, run);
  std::string pattern = name + "=";
  for (const char c : state_dir) {
    if (std::string_view(".[*^$\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return host::quote(pattern + ":[-0-9A-Za-z]*") + " " + host::quote(name + "=" + mark);
}

}  // namespace

std::string end_orphans_call(const std::string& state_dir, const std::string& run) { return "end_orphans " + marked_words(state_dir, run); }

std::string settled_unclaimed(std::size_t count, const std::string& state_dir, const std::string& run) {
  return fmt::format(R"(if undisturbed {}; then
looks
if [ "$kept$unsure" = {} ] && still_undisturbed; then printf 'unclaimed\nsettled\nend\n'; exit 0; fi
fi
)",
                     marked_words(state_dir, run), count);
}

std::string claim_words(const Claim& claim) {
  return fmt::format("{} {} {}", host::quote(claim.controller), host::quote(claim.who), claim.take ? "take" : "ask");
}

}  // namespace tidelab::live
