# Directories, files, and lines in files.

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
