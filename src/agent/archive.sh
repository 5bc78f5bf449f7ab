# Archives: what came out of which, and how it is taken away.

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
  [ ! -L "$into" ] || into=$(readlink -f -- "$into")
  [ -n "$into" ] && [ -d "$into" ] || return 0
  if [ -z "$U" ]; then tail -n +3 "$1" | by "$into/x" drop_names "$into"; return; fi
  if know_account; then tail -n +3 "$1" | as_owner sh -c "$reading$changing
drop_names \"\$1\"" sh "$into"; fi
  # What lies in a directory of root's only root can take away.
  if trusted "$into/x"; then drop_ours "$1" "$into"; fi
}

drop_ours() { # manifest, directory: what of it lies behind ways that nobody else can change
  into=$2
  in_dir= is_roots=y
  tail -n +3 "$1" | while IFS= read -r n; do
    n=${n%/}
    [ -e "$into/$n" ] || [ -L "$into/$n" ] || continue
    case $n in */*) d=/${n%/*} ;; *) d= ;; esac
    if [ "$d" != "$in_dir" ]; then in_dir=$d; is_roots=; if trusted "$into$d/x"; then is_roots=y; fi; fi
    [ -z "$is_roots" ] || printf '%s\n' "$n"
  done | drop_names "$into"
}

unpack_named() { # into strip flag: says the names of what it unpacks
  if is_made "$1"; then by "$1/x" extract "$1" "$2" "$3"; else by "$1/x" extract_beside "$1" "$2" "$3" "$U"; fi
}
act_unpack() { # n key digest into strip flag
  m="$S/unpacked/$2"
  mkdir -p -- "$S/unpacked" && need_dir "$4" || return 1
  still=
  if [ -f "$m" ]; then
    drop_unpacked "$m"
    still=$(tail -n +3 "$m" | grep '/$' | while IFS= read -r d; do if [ -d "$4/$d" ]; then printf '%s\n' "$d"; fi; done)
    rm -f -- "$m"
  fi
  # Whoever unpacks says the names into a pipe: a file of ours could be written anew by what has it open. A shell need not wait
  # for the first part of a pipe, so how that ended is asked for by itself, where nobody else can say it.
  rm -f -- "$m.part"
  printf '%s\n%s\n' "$3" "$4" > "$m.part" || return 1
  ended=$({ { unpack_named "$4" "$5" "$6" 3>&-; echo "$?" >&3; } | cat 3>&- >> "$m.part" || echo 'no names' >&3; } 3>&1)
  [ "$ended" = 0 ] || { rm -f -- "$m.part"; return 1; }
  # Directories that were there before are not ours, though the archive has them, too, unless they came out of an older one.
  if grep -q '^//' "$m.part"; then
    O=$still awk 'BEGIN { n = split(ENVIRON["O"], o, "\n"); for (i = 1; i <= n; i++) mine[o[i]] }
      NR == FNR { if (sub("^//", "") && !($0 in mine)) was[$0]; next } !/^\/\// && !($0 in was)' "$m.part" "$m.part" > "$m.ours" && mv -f -- "$m.ours" "$m.part" || { rm -f -- "$m.part" "$m.ours"; return 1; }
  fi
  mv -f -- "$m.part" "$m" || return 1
  say "$1" made ''
}
