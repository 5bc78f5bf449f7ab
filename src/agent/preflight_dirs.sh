# Facts of the directories that the lab is to use, and of the ways to them.

# Whether the account may enter what is there of each directory, and write there where others than root can change it, so
# that it acts itself; for an account that is still to be made, whether nobody may enter. That one comes too late for the rest.
pre_enter() {
  [ -n "$U" ] && [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null 2>&1 || return 0
  w=$U late=
  id -u "$w" > /dev/null 2>&1 || w=nobody late=y
  barred=$(setpriv --reuid="$(id -u "$w")" --regid="$(id -g "$w")" --init-groups -- sh -c "$entering
entering \"\$@\"" sh "$late" "$@")
  printf '%s\n' "$barred"
  i=0 last= by_others=
  for at; do
    case $nl$barred$nl in *"${nl}closed $i$nl"*)
      [ "$at" = "$last" ] || { last=$at; changed_by_others "$at"; }
      [ -z "$by_others" ] || fact shared "$i" "$by_others" ;;
    esac
    i=$((i + 1))
  done
}

pre_ways() { # directories that are there: whether somebody who is neither root, nor we, nor the account can change the way
  [ -z "$U" ] || also_id=$(id -u "$U" 2>/dev/null) || also_id=
  i=0 last= by_others=
  for at; do
    [ "$at" = "$last" ] || { last=$at; changed_by_others "$at"; }
    [ -z "$by_others" ] || fact stranger "$i" "$by_others"
    i=$((i + 1))
  done
  also_id=
}

pre_dirs() {
  [ "$#" -gt 0 ] || return 0
  first=1
  for p in "$@"; do
    [ -z "$first" ] || { set --; first=; }
    d=$p
    while [ ! -e "$d" ] && [ ! -L "$d" ]; do d=${d%/*}; [ -n "$d" ] || d=/; done
    state=missing; may=no; full=empty
    if [ ! -d "$d" ]; then state=other
    elif [ "$d" = "$p" ]; then
      state=there
      for e in "$d"/* "$d"/.[!.]*; do
        if [ -e "$e" ] || [ -L "$e" ]; then full=full; break; fi
      done
    fi
    [ ! -w "$d" ] || may=writable
    fact dir "$state" "$may" "$full" "$d"
    [ -d "$d" ] || { d=${d%/*}; [ -n "$d" ] || d=/; }
    set -- "$@" "$d"
  done
  pre_enter "$@" 2>/dev/null
  pre_ways "$@" 2>/dev/null
  t=$(printf '\t')
  stat -f -c "room$t%a$t%S$t%b$t%d$t%c$t%T" -- "$@"
  stat -c "device$t%d" -- "$@"
}
