#include "live/agent.hpp"

namespace tidelab::live {

// Taking everything away, and looking for what is left. Only what the list of the lab's records names goes, and of that
// only what can be shown to be ours: whatever the topology or somebody's editor has written there.
const std::string& agent_sweep_source() {
  static const std::string source = R"sh(
drop_user() {
  [ "$(awk -F: -v u="$1" '$1 == u { print $5 }' /etc/passwd)" = tidelab ] || return 0
  # What its processes left where everybody may write would belong to whoever is given its number next.
  find /tmp /var/tmp -xdev -uid "$(id -u "$1")" -delete 2>/dev/null
  # A process that has just ended counts until it is reaped.
  i=0
  until userdel -r -- "$1" > /dev/null 2>&1 || ! id -u "$1" > /dev/null 2>&1; do
    if [ "$i" -ge 50 ]; then said=$(userdel -- "$1" 2>&1) || { no_account removed "$1" "$said"; return 1; }; return 0; fi
    sleep 0.2; i=$((i + 1))
  done
}

# What no list can make us take away: what every machine has, homes and what they lie in, and mounts.
common_place() {
  case "$1" in /|/bin|/boot|/dev|/etc|/home|/lib|/lib32|/lib64|/libx32|/media|/mnt|/opt|/proc|/root|/run|/sbin|/srv|/sys|/tmp|/usr|/var) return 0 ;;
    /bin/*|/boot/*|/dev/*|/etc/*|/lib/*|/lib64/*|/proc/*|/sbin/*|/sys/*|/usr/bin/*|/usr/lib/*|/usr/sbin/*) return 0 ;;
    /usr/local|/usr/local/bin|/usr/share|/usr/include|/var/lib|/var/log|/var/tmp|/var/cache|/var/spool|/var/run|/var/mail|/run/user|/run/systemd|/home/*/.ssh) return 0 ;;
    */../*|*/..|*/./*|*/.|*//*) return 0 ;;
    /*) return 1 ;;
  esac
  return 0
}
# What is asked of each path is asked by the shell's own words, of lines that were read once.
noted_birth() { # path: gives `noted`, and `of_account` where the account made it, so that nobody but the account takes it away
  noted= of_account=
  set -f; IFS=$nl
  for one in $list; do
    case $one in "born "*" $1") at=${one#born }; at=${at%% *}; if [ "$one" = "born $at $1" ]; then noted=$at; break; fi ;; esac
  done
  unset IFS; set +f
  case $noted in -*) noted=${noted#-} of_account=y ;; esac
}
read_surroundings() { # gives `homes`, `mounts`, and `births` of the directories in the list
  homes=$({ getent passwd || cat /etc/passwd; } | cut -d: -f6)
  mounts=$(awk '{ m = $5; gsub(/\\040/, " ", m); gsub(/\\011/, "\t", m); gsub(/\\134/, "\\", m); print m }' /proc/self/mountinfo)
  set -f; IFS=$nl
  births=$(stat -c '%n	%W' -- $(entries dir) 2>/dev/null)
  unset IFS; set +f
}
is_born_so() { # path: as the list has it, and `births`, or the file system where they say nothing of it
  noted_birth "$1"
  among "$births" "$1	"
  case $rest in ''|*[!0-9]*) rest=$(birth "$1") ;; esac
  [ "$rest" = "$noted" ]
}
why_not() { # path of a directory: says why it may not be taken away; nothing: it may
  if common_place "$1"; then echo 'is a place that every machine has'; return; fi
  if [ -L "$1" ]; then echo 'is a link, and what it leads to is not of this lab'; return; fi
  if ! no_links "$1"; then echo 'is reached through a link'; return; fi
  if leads_to "$1" "$homes"; then echo 'is the home of an account, or holds one'; return; fi
  if leads_to "$1" "$mounts"; then echo 'is a mount, or holds one: unmount it first'; return; fi
  if ! is_born_so "$1"; then echo "is not the one that was made for this lab"; fi
}

prune='
prune() { # directory, then what stays of it
  ( top=$1; shift; bad=0
  for c in "$top"/* "$top"/.[!.]* "$top"/..?*; do
    if [ ! -e "$c" ] && [ ! -L "$c" ]; then continue; fi
    how=goes
    for k in "$@"; do case "$k/" in "$c/") how=stays ;; "$c"/*) [ "$how" = stays ] || how=holds ;; esac; done
    if [ "$how" = stays ]; then continue; fi
    if [ "$how" = holds ] && [ -d "$c" ] && [ ! -L "$c" ]; then prune "$c" "$@" || bad=1
    elif [ "$how" = goes ]; then rm -rf --one-file-system -- "$c" || bad=1; fi
  done
  exit "$bad" )
}
'
# Lists of paths, one a line. Words of the list: `kept` stays, `outer` are directories that lie in no other of ours.
entries() ( # in a shell of its own, since it may be one of the words of a command
  set -f; IFS=$nl
  for one in $list; do case $one in "$1 "*) printf '%s\n' "${one#"$1 "}" ;; esac; done
)
in_lines() { # path, lines: whether it is one of them or below one
  set -f; IFS=$nl
  for one in $2; do case $1/ in "$one"/*) unset IFS; set +f; return 0 ;; esac; done
  unset IFS; set +f
  return 1
}
holds_one() { # path, lines: whether one of them is below it
  set -f; IFS=$nl
  for one in $2; do case $one in "$1") ;; "$1"/*) unset IFS; set +f; return 0 ;; esac; done
  unset IFS; set +f
  return 1
}
leads_to() { # path, lines: whether one of them is it or below it
  set -f; IFS=$nl
  for one in $2; do case $one/ in "$1"/*) unset IFS; set +f; return 0 ;; esac; done
  unset IFS; set +f
  return 1
}
note_left() { left=$left$1$nl; }
read_list() { # newest first
  list=; outer=
  [ -f owned ] || return 0
  list=$(whole_lines owned | awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) if (!seen[line[i]]++) print line[i] }')
  read_surroundings
  # Directories that may go, and lie in no other of them. Whoever wrote `/` there does not hide the others.
  may=
  while IFS= read -r path; do
    if [ -z "$path" ] || { [ ! -d "$path" ] && [ ! -L "$path" ]; }; then continue; fi
    why=$(why_not "$path")
    if [ -n "$why" ]; then note_left "file $path $why, so it stays"; else may="$may$path
"; fi
  done <<EOF
$(entries dir)
EOF
  outer=$(printf '%s' "$may" | LC_ALL=C sort | awk '{ for (i = 1; i <= n; i++) if (index($0, d[i] "/") == 1) next; d[++n] = $0; print }')
}
drop_outer() {
  while IFS= read -r path; do [ -z "$path" ] || drop_dir "$path"; done <<EOF
$outer
EOF
}
drop_dir() { # an outer directory
  [ -d "$1" ] || [ -L "$1" ] || return 0
  if in_lines "$1" "$kept"; then return 0; fi
  noted_birth "$1"
  if holds_one "$1" "$kept
$S"; then
    while IFS= read -r k; do [ -z "$k" ] || set -- "$@" "$k"; done <<EOF
$kept
$S
EOF
    if [ -z "$U" ]; then by "$1/x" sh -c "$prune
prune \"\$@\"" sh "$@"; return 0; fi
    as_owner sh -c "$prune
prune \"\$@\"" sh "$@" 2>/dev/null
    # What of it is root's, in directories of root's, is what root made there.
    if [ -z "$of_account" ] && trusted "$1/x"; then (eval "$prune"; prune "$@"); fi
  elif [ -n "$of_account" ]; then as_owner rm -rf --one-file-system -- "$1"
  else by "$1" rm -rf --one-file-system -- "$1"; fi
}
drop_file() {
  [ -f "$1" ] && [ ! -L "$1" ] || return 0
  if in_lines "$1" "$outer" || in_lines "$1" "$kept"; then return 0; fi
  if common_place "$1" || ! is_born_so "$1"; then note_left "file $1 is not the one that was made for this lab, so it stays"; return 0; fi
  if [ -n "$of_account" ]; then as_owner rm -f -- "$1"; else by "$1" rm -f -- "$1"; fi
}
drop_parent() { [ -d "$1" ] && [ ! -L "$1" ] && ! common_place "$1" && by "$1" rmdir -- "$1" 2>/dev/null; }

# Whatever it is that still is there, in lines of a kind and a text. It looks at the host, and believes no list of ours alone.
residue() { # ports… ; U, S, list, kept
  if [ -n "$list" ]; then
    entries dir | while IFS= read -r p; do if in_lines "$p" "$kept" || holds_one "$p" "$kept" || ! { [ -e "$p" ] || [ -L "$p" ]; }; then continue; fi; printf 'file %s\n' "$p"; done
    entries file | while IFS= read -r p; do if in_lines "$p" "$kept" || ! [ -e "$p" ]; then continue; fi; printf 'file %s\n' "$p"; done
    entries user | while IFS= read -r u; do if [ -z "$kept" ] && [ "$(awk -F: -v u="$u" '$1 == u { print $5 }' /etc/passwd)" = tidelab ]; then printf 'user %s\n' "$u"; fi; done
  fi
  if [ -z "$kept" ] && { [ -e "$S" ] || [ -L "$S" ]; }; then printf 'file %s\n' "$S"; fi
  for u in /etc/systemd/system/tidelab-*.service; do if is_ours "$u"; then printf 'unit %s\n' "$u"; fi; done
  entries unit | while IFS= read -r u; do
    if is_ours "$u"; then case $u in /etc/systemd/system/*) ;; *) printf 'unit %s\n' "$u" ;; esac; fi
    if have_systemd && case $u in /etc/systemd/system/*) ;; *) false ;; esac; then
      a=$(systemctl show -p ActiveState --value -- "${u##*/}" 2>/dev/null < /dev/null)
      case $a in inactive|'') ;; *) [ -e "$u" ] || printf 'unit %s is %s\n' "${u##*/}" "$a" ;; esac
    fi
  done
  i=0
  while found=$(busy "$@"); [ -n "$found" ] && [ "$i" -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
  [ -z "$found" ] || printf '%s\n' "$found"
}
busy() { # what of the lab runs: programs below its directories, and interpreters of a script there
  mine=' '; q=$$
  while [ "${q:-0}" -gt 1 ]; do mine="$mine$q "; stat_of "$q"; q=$ps_parent; done
  tops=$(printf '%s\n%s\n' "$outer" "$S/run" | grep .)
  set -- "$tops" "$@"
  found=$(ls -l /proc/[0-9]*/exe 2>/dev/null | L=$tops awk 'BEGIN { n = split(ENVIRON["L"], l, "\n") } { for (i = 1; i <= n; i++) if (index($0, "/exe -> " l[i] "/")) { sub(/^.* \/proc\//, ""); sub(/\/.*/, ""); print; next } }'
    for q in $(printf '%s\n' "$tops" | while IFS= read -r p; do grep -laF -e "$p/" /proc/[0-9]*/cmdline 2>/dev/null; done | cut -d/ -f3); do
      w=$(tr '\n\000' ' \n' < "/proc/$q/cmdline" 2>/dev/null | head -n 2 | tail -n 1)
      if in_lines "$w" "$tops"; then echo "$q"; fi
    done)
  shift
  running=
  for q in $(printf '%s\n' "$found" | sort -un); do case "$mine" in *" $q "*) ;; *) stat_of "$q"; [ "$ps_state" = Z ] || running="$running $q" ;; esac; done
  for q in $running; do printf 'process %s (%s)\n' "$q" "$(tr '\000\n' '  ' < "/proc/$q/cmdline" 2>/dev/null | cut -c 1-120)"; done
  for port in "$@"; do
    hex=$(printf '%04X' "$port")
    inode=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v h="$hex" '{ n = split($2, a, ":"); if (a[n] == h && $4 == "0A") { print $10; exit } }')
    [ -n "$inode" ] || continue
    for q in $running; do ls -l "/proc/$q/fd" 2>/dev/null | grep -qF "socket:[$inode]" && { printf 'port %s is held by process %s\n' "$port" "$q"; break; }; done
  done
}

keeps_and_ports() { # words up to `--` are what stays, those behind it are ports
  kept=; ports=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do if [ -e "$1" ]; then kept="$kept$(real "$1")
"; fi; shift; done
  [ $# -eq 0 ] || shift
  ports=$*
}
look_sweep() { # n stays… -- ports…
  n=$1; shift
  keeps_and_ports "$@"
  if [ -e "$S" ] || [ -L "$S" ]; then say "$n" differs 'is there'; return 0; fi
  list=; outer=; kept=
  found=$(residue $ports)
  if [ -n "$found" ]; then say "$n" differs "$(printf '%s' "$found" | head -n 1)"; else say "$n" holds 'nothing is left'; fi
}
act_sweep() { # n stays… -- ports…
  n=$1; shift
  keeps_and_ports "$@"
  left=; list=; outer=
  if [ -e "$S" ] || [ -L "$S" ]; then
    # Whoever may write where it lies may exchange it, so all of it is looked at again, and read, from where we stand.
    why=$(no_record "$S")
    if [ -n "$why" ]; then :; elif cd -- "$S"; then why=$(no_record .); else why='it cannot be entered'; fi
    if [ -n "$why" ]; then echo "$S is not followed, and nothing is removed, since $why: look at it, and remove what is of this lab by hand" >&2; return 1; fi
    read_list
    # Also a service that the topology or the playbooks no longer know by its name: it is this lab's all the same.
    for r in run/*; do
      if runs "$r"; then stop_service "$r" 40 || return 1; fi
      if in_unit "$r" && is_ours "$up"; then drop_unit "$um" "$up" || return 1; fi
    done
    while IFS= read -r path; do if [ -n "$path" ] && is_ours "$path"; then case $path in /etc/systemd/system/*) drop_unit system "$path" ;; *) drop_unit user "$path" ;; esac; fi; done <<EOF
$(entries unit)
EOF
    # Archives unpacked into directories that were there before: only their files, and only if they are still there.
    for m in unpacked/*; do if [ -f "$m" ] && ! in_lines "$(sed -n 2p "$m")" "$outer"; then drop_unpacked "$m"; fi; done
    drop_outer
    while IFS= read -r path; do [ -z "$path" ] || drop_file "$path"; done <<EOF
$(entries file)
EOF
    entries linger | while IFS= read -r a; do [ "$a" != "$(account)" ] || drop_linger "$a"; done
    rm -rf -- run unpacked
    if [ -z "$kept$left" ]; then
      while IFS= read -r a; do [ -z "$a" ] || drop_user "$a" || note_left "user $a"; done <<EOF
$(entries user)
EOF
    fi
    # The list stays with what is left, so that another `down` can go on.
    if [ -z "$kept$left" ]; then
      rm -rf -- ./* ./.[!.]*; cd /; rmdir -- "$S"
      drop_outer # one of them may have held the list
      while IFS= read -r path; do [ -z "$path" ] || drop_parent "$path"; done <<EOF
$(entries parent)
EOF
    fi
  fi
  found=$(printf '%s' "$left"; residue $ports)
  found=$(printf '%s\n' "$found" | awk '{ line[NR] = $0 } END { for (i = 1; i <= NR; i++) { more = line[i] == ""; for (j = 1; j <= NR; j++) if (i != j && (index(line[j], line[i] " ") == 1 || (j < i && line[j] == line[i]))) more = 1; if (!more) print line[i] } }')
  if [ -n "$found" ]; then
    printf '%s\n' "$found" | awk '{ n[$1]++ } END { printf "looked again, and still there:"; for (k in n) { printf "%s %s: %d", s, k, n[k]; s = "," } print "" }' >&2
    printf '%s\n' "$found" >&2; return 1
  fi
  if [ -n "$kept" ]; then say "$n" made "nothing is left but what is kept: $(printf '%s' "$kept" | while IFS= read -r k; do printf '%s (%s) ' "$k" "$(du -sh -- "$k" 2>/dev/null | cut -f1)"; done)"
  else say "$n" made 'looked again: no process, port, file, unit or account of the lab is left'; fi
}
)sh";
  return source;
}

}  // namespace tidelab::live
