#include "live/agent.hpp"

#include <fmt/format.h>

#include "host/quote.hpp"

namespace tidelab::live {

// S: state directory of the lab on the host. U: account that things belong to, or empty for our own.
const std::string& agent_source() {
  static const std::string source = R"sh(
set -u
umask 022
LC_ALL=C; export LC_ALL
say() { printf '=%s\t%s\t%s\n' "$1" "$2" "$3"; }
give() { [ -z "$U" ] || chown -h "$U:" -- "$1"; }
record() { printf '%s %s\n' "$1" "$2" >> "$S/owned"; }
digest() { sum=$(sha256sum < "$1" 2>/dev/null); printf '%s\n' "${sum%% *}"; }

# What many looks ask is asked at once, by one process rather than two for each. Only where nothing acts meanwhile, and
# of paths without tabs, line ends and backslashes. What is not known so is asked for by itself.
nl='
'
modes=$nl sums=$nl
foresee_modes() { modes=$modes$(stat -c '%n	%a' -- "$@" 2>/dev/null)$nl; }
foresee_sums() { sums=$sums$(sha256sum --tag -- "$@" 2>/dev/null)$nl; }
mode_of() {
  case $modes in
    *"$nl$1	"*) mode=${modes#*"$nl$1	"} mode=${mode%%"$nl"*} ;;
    *) mode=$(stat -c %a -- "$1") || mode= ;;
  esac
}
sum_of() {
  case $sums in
    *"${nl}SHA256 ($1) = "*) sum=${sums#*"${nl}SHA256 ($1) = "} sum=${sum%%"$nl"*} ;;
    *) sum=$(digest "$1") ;;
  esac
}

# Directories on the way are noted as `parent`: they go again only when they are empty.
need_dir() {
  [ -d "$1" ] && return 0
  if [ -e "$1" ] || [ -L "$1" ]; then echo "$1 exists and is not a directory" >&2; return 1; fi
  need_dir "$(dirname -- "$1")" || return 1
  mkdir -- "$1" 2>/dev/null || { [ -d "$1" ] && return 0; mkdir -- "$1"; return 1; }
  record parent "$1"; give "$1"
}
look_dir() {
  if [ ! -d "$2" ]; then say "$1" differs 'is missing'
  elif [ -n "$3" ] && mode_of "$2" && [ "$mode" != "$3" ]; then say "$1" differs "has mode $mode"
  else say "$1" holds ''; fi
}
act_dir() {
  if [ ! -d "$2" ]; then
    need_dir "$(dirname -- "$2")" || return 1
    mkdir -- "$2" || [ -d "$2" ] || return 1
    record dir "$2"; give "$2"
  fi
  [ -z "$3" ] || chmod "$3" -- "$2" || return 1
  say "$1" made ''
}

look_file() {
  if [ ! -e "$2" ]; then say "$1" differs 'is missing'
  elif sum_of "$2" && [ "$sum" != "$3" ]; then say "$1" differs 'has other content'
  elif [ -n "$4" ] && mode_of "$2" && [ "$mode" != "$4" ]; then say "$1" differs "has mode $mode"
  else say "$1" holds ''; fi
}
# The content comes on stdin; it is in place whole or not at all.
act_file() {
  need_dir "$(dirname -- "$2")" || return 1
  if [ -d "$2" ]; then echo "$2 is a directory" >&2; return 1; fi
  new="$2.tidelab-$$"
  cat > "$new" || { rm -f -- "$new"; return 1; }
  if [ "$(digest "$new")" != "$3" ]; then rm -f -- "$new"; echo "$2 arrived incomplete" >&2; return 1; fi
  [ -z "$4" ] || chmod "$4" -- "$new" || return 1
  give "$new"
  [ -e "$2" ] || record file "$2"
  mv -f -- "$new" "$2" || { rm -f -- "$new"; return 1; }
  say "$1" made ''
}

look_line() {
  if [ ! -f "$2" ]; then say "$1" differs 'the file is missing'
  elif grep -qxF -e "$4" -- "$2"; then say "$1" holds ''
  else say "$1" differs 'the line is missing'; fi
}
act_line() {
  new="$2.tidelab-$$"
  M=$3 L=$4 awk 'BEGIN { m = ENVIRON["M"]; l = ENVIRON["L"] }
    !done && m != "" && index($0, m) == 1 { print l; done = 1; next } { print }
    END { if (!done) print l }' < "$2" > "$new" || { rm -f -- "$new"; return 1; }
  chmod --reference="$2" -- "$new" && give "$new" && mv -f -- "$new" "$2" || return 1
  say "$1" made ''
}

# A manifest is written last: digest, place, then the names. key digest into strip
look_unpack() {
  m="$S/unpacked/$2"
  if [ ! -f "$m" ]; then say "$1" differs 'is not unpacked'
  elif [ "$(head -n 1 "$m")" != "$3" ]; then say "$1" differs 'is another archive'
  elif [ ! -d "$4" ]; then say "$1" differs 'its directory is gone'
  else say "$1" holds ''; fi
}
drop_unpacked() { # manifest: takes away exactly the files that it lists
  into=$(sed -n 2p "$1")
  [ -d "$into" ] && [ ! -L "$into" ] || return 0
  tail -n +3 "$1" | while IFS= read -r n; do
    case "/$n/" in */../*) continue ;; esac
    [ -d "$into/$n" ] && [ ! -L "$into/$n" ] || rm -f -- "$into/$n"
  done
  tail -n +3 "$1" | sort -r | while IFS= read -r n; do
    case "/$n/" in */../*|//) continue ;; esac
    [ -d "$into/$n" ] && [ ! -L "$into/$n" ] && rmdir -- "$into/$n" 2>/dev/null
  done
  return 0
}
act_unpack() {
  m="$S/unpacked/$2"
  need_dir "$S/unpacked" && need_dir "$4" || return 1
  if [ -f "$m" ]; then drop_unpacked "$m"; rm -f -- "$m"; fi
  # Names as they are, since they are what is taken away later; directories that were there keep their mode.
  { printf '%s\n%s\n' "$3" "$4"; tar -x"$6"f - -C "$4" --strip-components="$5" --no-same-owner --no-overwrite-dir --show-transformed-names --quoting-style=literal -v; } > "$m.part" || { rm -f -- "$m.part"; return 1; }
  # Only what came out of the archive: the directory may hold files of others.
  [ -z "$U" ] || (cd -- "$4" && tail -n +3 "$m.part" | tr '\n' '\000' | xargs -0 -r chown -h "$U:" --) || return 1
  mv -f -- "$m.part" "$m" || return 1
  say "$1" made ''
}

# The nth word of /proc/PID/stat behind the name, which may hold anything.
stat_word() { { IFS= read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 0; set -- "$2" ${stat##*) }; shift "$1"; printf '%s\n' "$1"; }
start_of() { stat_word "$1" 20; }
state_of() { stat_word "$1" 1; }
# A pid alone can be used again by another process; with its start time it cannot.
lives() { # file: pid and start time
  [ -f "$1" ] || return 1
  read -r p t rest < "$1" || return 1
  [ -n "$p" ] && [ -n "${t:-}" ] && [ "$(start_of "$p")" = "$t" ] && [ "$(state_of "$p")" != Z ]
}
sid_of() { stat_word "$1" 4; }
session_of() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v s="$1" '{ p = $1; sub(/^.*\) /, ""); if ($4 == s && $1 != "Z") print p }'; }
wanted() { # spec inputs…
  w=$1; shift
  printf '%s %s' "$w" "$(for f in "$@"; do sum_of "$f"; printf '%s\n' "$sum"; done | sha256sum | cut -d' ' -f1)"
}
look_service() { # n run-dir unit text-digest spec inputs…
  if have_systemd; then look_unit "$@"; return; fi
  n=$1; r=$2; shift 4
  if ! lives "$r/supervisor"; then say "$n" differs 'is not running'
  elif [ "$(cat "$r/applied" 2>/dev/null)" != "$(wanted "$@")" ]; then say "$n" differs 'runs with an older configuration'
  else say "$n" holds 'is running'; fi
}
ask_to_end() { # file with pid and start time, seconds
  sid=$(sid_of "$p")
  kill -TERM "$p" 2>/dev/null
  i=0
  while lives "$1" && [ "$i" -lt $(($2 * 10)) ]; do sleep 0.1; i=$((i + 1)); done
}
stop_service() { # run-dir seconds
  sid=
  if lives "$1/supervisor"; then ask_to_end "$1/supervisor" "$2"
  elif lives "$1/child"; then ask_to_end "$1/child" "$2" # its keeper was killed
  fi
  [ -z "$sid" ] && return 0
  i=0
  while left=$(session_of "$sid") && [ -n "$left" ] && [ "$i" -lt 50 ]; do
    kill -KILL $left 2>/dev/null; sleep 0.1; i=$((i + 1))
  done
  if [ -n "$left" ]; then echo "processes" $left "do not end" >&2; return 1; fi
  rm -f -- "$1/supervisor" "$1/child"
}
act_service() { # n run-dir seconds unit text unit-script keeper-script spec inputs…
  n=$1; r=$2; s=$3; unit=$4; text=$5; exec=$6; script=$7; shift 7
  if have_systemd; then act_unit "$n" "$r" "$s" "$unit" "$text" "$exec" "$@"; return; fi
  again=started
  if lives "$r/supervisor" || lives "$r/child"; then again='started again'; stop_service "$r" "$s" || return 1; fi
  need_dir "$r" || return 1
  rm -f -- "$r/supervisor" "$r/child"
  printf '%s' "$script" > "$r/run.part" && mv -f -- "$r/run.part" "$r/run" || return 1
  wanted "$@" > "$r/applied" || return 1
  [ -z "$U" ] || chown -R "$U:" -- "$r" || return 1
  # A service outlives the run that starts it, so neither it nor the `runuser` that waits for it carries its mark.
  if [ -n "$U" ]; then env -u TIDELAB_RUN setsid runuser -u "$U" -- sh "$r/run" < /dev/null > /dev/null 2>"$r/error" &
  else env -u TIDELAB_RUN setsid sh "$r/run" < /dev/null > /dev/null 2>"$r/error" & fi
  i=0
  while ! lives "$r/child"; do
    if [ "$i" -ge 100 ]; then cat "$r/error" >&2; echo 'its keeper did not start' >&2; return 1; fi
    sleep 0.05; i=$((i + 1))
  done
  say "$n" made "$again"
}
look_halt() {
  if in_unit "$2"; then
    if halted_unit; then say "$1" holds 'is not running'; else say "$1" differs "is $active"; fi
  elif lives "$2/supervisor" || lives "$2/child"; then say "$1" differs 'is running'; else say "$1" holds 'is not running'; fi
}
act_halt() { # n run-dir seconds
  if in_unit "$2"; then halt_unit || return 1; say "$1" made 'stopped'; return 0; fi
  if ! lives "$2/supervisor" && ! lives "$2/child"; then say "$1" holds 'was not running'; return 0; fi
  stop_service "$2" "$3" || return 1
  say "$1" made 'stopped'
}
process() { # run-dir: one JSON object
  if in_unit "$1" && unit_process || { ! in_unit "$1" && lives "$1/child" && read -r p t restarts began < "$1/child"; }; then
    printf '{"running":true,"pid":%s,"exe":"%s","restarts":%s,"up_seconds":%s,"since_ms":%s000,"rss_kb":%s}\n' "$p" "$(readlink "/proc/$p/exe" | sed 's/[\\"]/\\&/g')" \
      "${restarts:-0}" "$(($(date +%s) - ${began:-0}))" "${began:-0}" "$(awk '/^VmRSS/ { print $2; f = 1 } END { if (!f) print 0 }' "/proc/$p/status" 2>/dev/null)"
  elif in_unit "$1" && [ "$active" = activating ]; then
    printf '{"running":false,"pid":0,"exe":"","restarts":%s,"up_seconds":0,"rss_kb":0,"restarting":true}\n' "$again"
  elif ! in_unit "$1" && lives "$1/supervisor"; then
    printf '{"running":false,"pid":0,"exe":"","restarts":%s,"up_seconds":0,"rss_kb":0,"restarting":true}\n' "$(cut -d' ' -f3 "$1/child" 2>/dev/null || echo 0)"
  else
    printf '{"running":false,"pid":0,"exe":"","restarts":0,"up_seconds":0,"rss_kb":0}\n'
  fi
}

look_user() { if id -u "$2" > /dev/null 2>&1; then say "$1" holds ''; else say "$1" differs 'is missing'; fi; }
# The mark in the account itself is what allows its removal: noting it before it is made loses none, and takes no other.
act_user() {
  if ! id -u "$2" > /dev/null 2>&1; then
    record user "$2"
    useradd --create-home --shell /bin/bash --comment tidelab -- "$2" || return 1
  fi
  say "$1" made ''
}
drop_user() {
  [ "$(awk -F: -v u="$1" '$1 == u { print $5 }' /etc/passwd)" = tidelab ] || return 0
  # What its processes left where everybody may write would belong to whoever is given its number next.
  find /tmp /var/tmp -xdev -uid "$(id -u "$1")" -delete 2>/dev/null
  # A process that has just ended counts until it is reaped.
  i=0
  until userdel -r -- "$1" > /dev/null 2>&1 || ! id -u "$1" > /dev/null 2>&1; do
    [ "$i" -lt 50 ] || { userdel -- "$1"; return; }
    sleep 0.2; i=$((i + 1))
  done
}

# Only what the owned list holds, newest first; never through a link, never what others use.
safe() {
  case "$1" in /|/bin|/boot|/dev|/etc|/home|/lib|/lib64|/opt|/proc|/root|/run|/sbin|/srv|/sys|/tmp|/usr|/usr/local|/var|/var/tmp|*/../*|*/..) return 1 ;; /*) ;; *) return 1 ;; esac
  [ "$(readlink -f -- "$1")" = "$1" ]
}
look_sweep() { if [ -e "$S" ]; then say "$1" differs 'is there'; else say "$1" holds 'nothing is left'; fi; }
act_sweep() {
  accounts=
  if [ ! -d "$S" ]; then say "$1" holds 'nothing was left'; return 0; fi
  # Also a service that the topology or the playbooks no longer know by its name: it is this lab's all the same.
  for r in "$S"/run/*; do
    if lives "$r/supervisor" || lives "$r/child"; then stop_service "$r" 40 || return 1; fi
    if in_unit "$r" && is_ours "$up"; then drop_unit "$um" "$up" || return 1; fi
  done
  awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) if (!seen[line[i]]++) print line[i] }' "$S/owned" > "$S/leaving"
  while IFS= read -r entry; do
    path=${entry#* }
    case "$entry" in
      "dir "*) [ -d "$path" ] && safe "$path" && rm -rf --one-file-system -- "$path" ;;
      "file "*) [ -f "$path" ] && [ ! -L "$path" ] && rm -f -- "$path" ;;
      "unit "*) if is_ours "$path"; then case $path in /etc/systemd/system/*) drop_unit system "$path" ;; *) drop_unit user "$path" ;; esac; fi ;;
      "linger "*) drop_linger "$path" || accounts="$accounts $path" ;;
      "user "*) drop_user "$path" || accounts="$accounts $path" ;;
    esac
  done < "$S/leaving"
  # Archives unpacked into directories that were there before: only their files, and only if they are still there.
  for m in "$S"/unpacked/*; do [ -f "$m" ] && drop_unpacked "$m"; done
  left=$(while IFS= read -r entry; do path=${entry#* }; case "$entry" in "dir "*|"file "*|"unit "*) [ -e "$path" ] && printf ' %s' "$path" ;; esac; done < "$S/leaving")
  left="$left${accounts:+ the account$accounts}"
  # The list stays with what is left, so that another `down` can go on.
  if [ -n "$left" ]; then echo "still there:$left" >&2; return 1; fi
  grep '^parent ' "$S/leaving" > "$S.parents" 2>/dev/null
  rm -rf --one-file-system -- "$S"
  while IFS= read -r entry; do path=${entry#* }; [ -d "$path" ] && [ ! -L "$path" ] && rmdir -- "$path" 2>/dev/null; done < "$S.parents"
  # The list of parents may itself lie in one of them.
  parents=$(cat "$S.parents"); rm -f -- "$S.parents"
  printf '%s\n' "$parents" | while IFS= read -r entry; do path=${entry#* }; [ -n "$path" ] && [ -d "$path" ] && [ ! -L "$path" ] && rmdir -- "$path" 2>/dev/null; done
  if [ -e "$S" ]; then echo "still there: $S" >&2; return 1; fi
  say "$1" made 'nothing is left'
}
)sh";
  return source;
}

std::string agent_script(const std::string& state_dir, const std::string& user, const std::string& calls, bool of_user) {
  return fmt::format("{{\nS={}; U={}; M={}\n{}{}{}\n{}\n}}\n", host::quote(state_dir), host::quote(user), of_user ? "user" : "system",
                     agent_source(), agent_unit_source(), agent_turn_source(), calls);
}

}  // namespace tidelab::live
