# The list of what the lab made on this host, and the directory that it lies in.

# The list of what is ours. A full disk, or a power cut, leaves its last line half written: it says nothing then, and goes
# before another one is put behind it. What it was to name has not been made.
record() {
  case $2 in *"$nl"*) echo "$2 has a line end in its name" >&2; return 1 ;; esac
  printf '%s %s\n' "$1" "$2" >> "$S/owned" || { mend_list; return 1; }
}

whole_lines() { head -n "$(wc -l < "$1")" -- "$1"; }

mend_list() {
  [ -n "$(tail -c 1 -- "$S/owned" | tr '\000' .)" ] || return 0
  dd if=/dev/null of="$S/owned" bs=1 seek="$(whole_lines "$S/owned" | wc -c)" count=0 2>/dev/null # shortens it in place, since there may be no room for another
}

# What the account made, behind ways that it can change, is noted so (`-`): nobody but the account takes it away.
by_account=
whose_way() { by_account=; [ -z "$U" ] || is_our_way "$1" || by_account=-; }
born() { record born "$by_account$(birth "$1") $1"; }

# The lab's records are ours alone, and so is the way to them: what an account could write there, root would later act on.
my_name= my_id=

ours_alone() { # path. One process tells who we are and whose it is.
  [ ! -L "$1" ] && about=$(stat -c '%u %U %a' -- /proc/self/ "$1" 2>/dev/null) || return 1
  # shellcheck disable=SC2086 # words of stat
  set -- $about
  my_id=$1 my_name=$2
  case $6 in *[2367]|*[2367]?) return 1 ;; esac
  [ "$1" = "$4" ]
}

is_list() { # a first line that is only half there will be mended
  if IFS= read -r first < "$1"; then case $first in 'parent '*|'dir '*|'born '*|'file '*|'user '*|'unit '*|'linger '*) ;; *) return 1 ;; esac; fi
}

# Something of that name which is no lab's record is somebody's. One that was only begun has nothing in it but names of ours.
no_record() { # the state directory: says why it is none, nothing where it is one
  if [ -L "$1" ]; then echo 'it is a link'
  elif [ ! -d "$1" ]; then echo 'it is no directory'
  elif ! ours_alone "$1" || { [ -f "$1/owned" ] && [ ! -L "$1/owned" ] && ! ours_alone "$1/owned"; }; then echo "others than $(id -un) can write the lab's list in it"
  elif [ -f "$1/owned" ] && [ ! -L "$1/owned" ]; then
    is_list "$1/owned" || echo "what is in $1/owned is no list of a lab"
  else
    for f in "$1"/* "$1"/.[!.]*; do
      case ${f##*/} in owned.part|lock|lock.guard) [ ! -f "$f" ] || [ -L "$f" ] || continue ;; esac
      if [ -e "$f" ] || [ -L "$f" ]; then echo "there is no list of a lab in it, but ${f##*/}"; return; fi
    done
  fi
}

is_made() { # path: in a directory that was made for this lab
  r_path=$(real "$1") # not before the command itself: ksh may take how that ended for how the command did
  P=$1 R=$r_path awk '$1 == "dir" { d = substr($0, 5) "/"; if (index(ENVIRON["P"] "/", d) == 1 || index(ENVIRON["R"] "/", d) == 1) f = 1 } END { exit !f }' "$S/owned" 2>/dev/null
}

is_foreign() { # path of a file: there, and neither made by this lab nor out of one of its archives
  [ -e "$1" ] || [ -L "$1" ] || return 1
  if is_made "$1" || grep -qxF -e "file $(real "$1")" "$S/owned" 2>/dev/null; then return 1; fi
  for m in "$S"/unpacked/*; do
    [ -f "$m" ] || continue
    into=$(sed -n 2p "$m")
    case "$1" in "$into"/*) if tail -n +3 "$m" | grep -qxF -e "${1#"$into"/}"; then return 1; fi ;; esac
  done
}
