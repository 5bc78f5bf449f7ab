# Taking away what is only of some services of a lab that stays. The list stays, too, without what is gone.

part_words() { # run-dirs… -- paths… -- stays… -- ports…: gives `services`, `going`, `kept` and `ports`
  services= going=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do services=${services}run/${1##*/}$nl; shift; done
  [ $# -eq 0 ] || shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do real_line "$1" || return 1; going=$going$a_line$nl; shift; done
  [ $# -eq 0 ] || shift
  keeps_and_ports "$@"
}

goes_whole() { # path: it goes, and so does all that is in it
  in_lines "$1" "$going" && ! in_lines "$1" "$kept" && ! holds_one "$1" "$kept$S"
}

part_entries() { # kind: what the list has of it that goes
  entries "$1" | while IFS= read -r p; do if goes_whole "$p"; then printf '%s\n' "$p"; fi; done
}

# What goes, and stands in no line of the list, since it lies in a directory of the lab that stays.
part_within() {
  printf '%s' "$going" | while IFS= read -r p; do
    case $nl$list$nl in *"${nl}dir $p$nl"*|*"${nl}file $p$nl"*) continue ;; esac
    if { [ -e "$p" ] || [ -L "$p" ]; } && is_made "$p" && ! in_lines "$p" "$outer$nl$kept"; then printf '%s\n' "$p"; fi
  done
}

lies_in_ours() { # path: in a directory that is still the one that was made for this lab
  entries dir | ( while IFS= read -r d; do case $1 in "$d"/*) if is_born_so "$d"; then exit 0; fi ;; esac; done; exit 1 )
}

part_of() { # what the list, or the disk, still has of it
  printf '%s' "$services" | while IFS= read -r p; do [ ! -d "$S/$p" ] || printf 'service %s\n' "${p##*/}"; done
  for kind in dir file; do part_entries "$kind" | sed 's/^/file /'; done
  part_within | while IFS= read -r p; do holds_one "$p" "$kept" || printf 'file %s\n' "$p"; done
}

look_part() { # n run-dirs… -- paths… -- stays… -- ports…
  n=$1; shift
  part_words "$@" || return 1
  list= outer=
  [ ! -f "$S/owned" ] || list=$(whole_lines "$S/owned")
  found=$(part_of)
  if [ -n "$found" ]; then say "$n" differs "$(printf '%s' "$found" | head -n 1) is there"; else say "$n" holds 'nothing is left'; fi
}

part_services() {
  printf '%s' "$services" > services.part || return 1
  while IFS= read -r r; do
    end_service "$r" || return 1
    units=$units${dropped:+$dropped$nl}
    rm -rf -- "$r"
  done < services.part
  rm -f -- services.part
}

part_dirs() { # directories of the list that go, though not what stays in them
  entries dir | while IFS= read -r p; do if in_lines "$p" "$going" && ! in_lines "$p" "$kept"; then printf '%s\n' "$p"; fi; done
}

drop_within() { # path in a directory of the lab
  if leads_to "$1" "$mounts"; then note_left "file $1 is a mount, or holds one: unmount it first, so it stays"
  elif ! lies_in_ours "$1"; then note_left "file $1 is in a directory that is not the one that was made for this lab, so it stays"
  elif [ -d "$1" ] && [ ! -L "$1" ]; then drop_dir "$1"
  else by "$1" rm -f -- "$1"; fi
}

# Another `up` may find these names in use, and by somebody else.
forget_gone() {
  # By files of ours: for a here-document some shells need room elsewhere, and without any they read nothing.
  whole_lines owned > owned.whole || return 1
  while IFS= read -r row; do # `one` is in_lines's
    case $row in "dir "*|"file "*|"parent "*) p=${row#* } ;; "born "*) p=${row#born * } ;; "unit "*) p=${row#unit } ;; *) p= ;; esac
    if [ -n "$p" ] && [ ! -e "$p" ] && [ ! -L "$p" ] && { in_lines "$p" "$going" || in_lines "$p" "$units"; }; then continue; fi
    printf '%s\n' "$row" || return 1 # for want of room: what is not there would be forgotten
  done < owned.whole > owned.part
  mv -f -- owned.part owned && rm -f -- owned.whole
}

act_part() { # n run-dirs… -- paths… -- stays… -- ports…
  n=$1; shift
  part_words "$@" || return 1
  left= list= outer= units=
  if [ ! -e "$S" ] && [ ! -L "$S" ]; then say "$n" holds 'nothing is left'; return 0; fi
  enter_records "$(no_record "$S")" || return 1
  [ -f owned ] || { not_followed 'it has no list'; return 1; }
  part_services || return 1
  newest_first
  read_surroundings
  find_outer "$(part_dirs)"
  # Archives unpacked into directories that were there before: only their files.
  for m in unpacked/*; do
    [ -f "$m" ] || continue
    into=$(sed -n 2p "$m")
    if ! goes_whole "$(real "$into")"; then continue; fi
    in_lines "$into" "$outer" || drop_unpacked "$m"
    rm -f -- "$m"
  done
  drop_outer
  while IFS= read -r path; do [ -z "$path" ] || drop_within "$path"; done <<EOF
$(part_within)
EOF
  while IFS= read -r path; do [ -z "$path" ] || drop_file "$path"; done <<EOF
$(part_entries file)
EOF
  forget_gone || return 1
  while IFS= read -r path; do if [ -n "$path" ] && holds_one "$path" "$going"; then drop_parent "$path"; fi; done <<EOF
$(entries parent)
EOF
  newest_first
  # shellcheck disable=SC2086 # ports
  found=$(printf '%s' "$left"; part_of; tops=; [ -n "$kept" ] || tops=$outer; idle $ports)
  if [ -n "$found" ]; then printf 'looked again, and still there:\n%s\n' "$found" >&2; return 1; fi
  say "$n" made 'looked again: nothing of it is left'
}

# Where nobody stays, as the topology knows it. A host has names that no topology tells of: then somebody else's services are there.
others_of_lab() {
  for r in "$S"/run/*; do if [ -d "$r" ]; then printf '%s' "${r##*/}"; return; fi; done
}

look_rest() {
  who=$(others_of_lab)
  if [ -n "$who" ]; then say "$1" holds "$who stays"; else look_sweep "$@"; fi
}

act_rest() {
  who=$(others_of_lab)
  if [ -n "$who" ]; then say "$1" holds "$who stays"; else act_sweep "$@"; fi
}
