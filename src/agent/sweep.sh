# Taking everything away. Only what the list of the lab's records names goes, and of that only what can be shown to be
# ours: whatever the topology or somebody's editor has written there.

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
  # shellcheck disable=SC2046 # lines are the words
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

note_left() { left=$left$1$nl; }

newest_first() { list=$(whole_lines owned | awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) if (!seen[line[i]]++) print line[i] }'); }

read_list() {
  list=; outer=
  [ -f owned ] || return 0
  newest_first
  read_surroundings
  find_outer "$(entries dir)"
}

# Whoever wrote `/` there does not hide the others.
find_outer() { # directories, one a line: gives `outer`, those that may go, and lie in no other of them
  may=
  while IFS= read -r path; do
    if [ -z "$path" ] || { [ ! -d "$path" ] && [ ! -L "$path" ]; }; then continue; fi
    why=$(why_not "$path")
    if [ -n "$why" ]; then note_left "file $path $why, so it stays"; else may="$may$path
"; fi
  done <<EOF
$1
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
    if [ -z "$U" ]; then by "$1/x" sh -c "$removing
prune \"\$@\"" sh "$@"; return 0; fi
    as_owner sh -c "$removing
prune \"\$@\"" sh "$@" 2>/dev/null
    # What of it is root's, in directories of root's, is what root made there.
    if [ -z "$of_account" ]; then (only_ours=y; prune "$@"); fi
  elif [ -n "$of_account" ]; then as_owner rm -rf --one-file-system -- "$1"
  else by "$1" rm -rf --one-file-system -- "$1"; fi
  # What its account may not remove stays, and so does the list that names it.
  [ -n "$kept" ] || { [ ! -e "$1" ] && [ ! -L "$1" ]; } || holds_one "$1" "$S" || note_left "file $1"
}

drop_file() {
  [ -f "$1" ] && [ ! -L "$1" ] || return 0
  if in_lines "$1" "$outer" || in_lines "$1" "$kept"; then return 0; fi
  if common_place "$1" || ! is_born_so "$1"; then note_left "file $1 is not the one that was made for this lab, so it stays"; return 0; fi
  if [ -n "$of_account" ]; then as_owner rm -f -- "$1"; else by "$1" rm -f -- "$1"; fi
}

drop_parent() { [ -d "$1" ] && [ ! -L "$1" ] && ! common_place "$1" && by "$1" rmdir -- "$1" 2>/dev/null; }

keeps_and_ports() { # words up to `--` are what stays, those behind it are ports
  kept=; ports=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do if [ -e "$1" ]; then real_line "$1" || return 1; kept=$kept$a_line$nl; fi; shift; done
  [ $# -eq 0 ] || shift
  ports=$*
}

look_sweep() { # n stays… -- ports…
  n=$1; shift
  keeps_and_ports "$@" || return 1
  if [ -e "$S" ] || [ -L "$S" ]; then say "$n" differs 'is there'; return 0; fi
  list=; outer=; kept=
  # shellcheck disable=SC2086 # ports
  found=$(residue $ports)
  if [ -n "$found" ]; then say "$n" differs "$(printf '%s' "$found" | head -n 1)"; else say "$n" holds 'nothing is left'; fi
}

not_followed() { echo "$S is not followed, and nothing is removed, since $1: look at it, and remove what is of this lab by hand" >&2; return 1; } # why

enter_records() { # what speaks against it so far: the lab's records, from where we stand then
  why=$1
  if [ -n "$why" ]; then :; elif cd -- "$S"; then why=$(no_record .); else why='it cannot be entered'; fi
  [ -z "$why" ] || not_followed "$why"
}

end_service() { # run-dir: gives `dropped`, its unit
  dropped=
  if runs "$1"; then stop_service "$1" 40 || return 1; fi
  if in_unit "$1" && is_ours "$up"; then dropped=$up; drop_unit "$um" "$up"; fi
}

act_sweep() { # n stays… -- ports…
  n=$1; shift
  keeps_and_ports "$@" || return 1
  left=; list=; outer=
  if [ -e "$S" ] || [ -L "$S" ]; then
    # Whoever may write where it lies may exchange it, so all of it is looked at again, and read, from where we stand.
    why=$(no_record "$S")
    if [ -n "$why" ] && [ ! -e "$S" ] && [ ! -L "$S" ]; then act_sweep "$n" "$@"; return; fi # by another address of this machine, just now
    enter_records "$why" || return 1
    read_list
    # Also a service that the topology or the playbooks no longer know by its name: it is this lab's all the same.
    for r in run/*; do end_service "$r" || return 1; done
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
  # shellcheck disable=SC2086 # ports
  found=$(printf '%s' "$left"; residue $ports)
  found=$(printf '%s\n' "$found" | awk '{ line[NR] = $0 } END { for (i = 1; i <= NR; i++) { more = line[i] == ""; for (j = 1; j <= NR; j++) if (i != j && (index(line[j], line[i] " ") == 1 || (j < i && line[j] == line[i]))) more = 1; if (!more) print line[i] } }')
  if [ -n "$found" ]; then
    printf '%s\n' "$found" | awk '{ n[$1]++ } END { printf "looked again, and still there:"; for (k in n) { printf "%s %s: %d", s, k, n[k]; s = "," } print "" }' >&2
    printf '%s\n' "$found" >&2; return 1
  fi
  if [ -n "$kept" ]; then say "$n" made "nothing is left but what is kept: $(printf '%s' "$kept" | while IFS= read -r k; do printf '%s (%s) ' "$k" "$(du -sh -- "$k" 2>/dev/null | cut -f1)"; done)"
  else say "$n" made 'looked again: no process, port, file, unit or account of the lab is left'; fi
}
