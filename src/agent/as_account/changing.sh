# What is changed: by root where the way is root's alone, and by the account everywhere else.

# OpenSSL uses the instructions that processors have for it, and sha256sum often does not; but it takes longer to start.
large_digest() {
  sum=$(openssl dgst -sha256 -r < "$1" 2>/dev/null); sum=${sum%% *}
  case $sum in ""|*[!0-9a-f]*) digest "$1" ;; *) printf '%s\n' "$sum" ;; esac
}

new_dir() { # path mode owner: it has both when it is born, or soon after where nobody can come between; 3: it was there
  if ! said=$(mkdir -m "$2" -- "$1" 2>&1); then
    [ ! -d "$1" ] || return 3
    printf '%s\n' "$said" >&2; return 1
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
  M=$2 L=$3 awk 'BEGIN { m = ENVIRON["M"]; l = ENVIRON["L"] }
    !done && m != "" && index($0, m) == 1 { print l; done = 1; next } { print }
    END { if (!done) print l }' < "$1" | put "$1" "$(stat -c %a -- "$1")" "$4" ""
}

drop_names() { # directory, manifest on stdin: takes away exactly the files that it lists
  names=$(cat)
  printf '%s\n' "$names" | while IFS= read -r n; do
    case "/$n/" in */../*|//*) continue ;; esac
    [ -d "$1/$n" ] && [ ! -L "$1/$n" ] || rm -f -- "$1/$n"
  done 2>/dev/null
  printf '%s\n' "$names" | sort -r | while IFS= read -r n; do
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
      # While something is moved there, nobody else may change it, whoever it belongs to: so neither can what is below it be
      # exchanged before it is looked at.
      lent=; if [ "$(id -u)" = 0 ]; then lent=$(stat -c "%a %u:%g" -- "$o"); chown -h -- 0 "$o" && chmod -- go-w "$o" || return 1; fi
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
