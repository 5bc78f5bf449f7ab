# How far an account comes on the way to a directory.

entering() { # `y` where the account is still to be made, directories: says which cannot be entered, and where not written
  i=0 late=$1; shift
  for d; do
    at=/; rest=${d#/}
    while [ -x "$at" ] && [ -n "$rest" ]; do
      at=${at%/}/${rest%%/*}
      case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
    done
    if [ ! -x "$at" ]; then printf 'barrier\t%s\t%s\n' "$i" "$at"; elif [ -n "$late" ] || [ ! -w "$at" ]; then echo "closed $i"; fi
    i=$((i + 1))
  done
}
