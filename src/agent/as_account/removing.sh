# A directory is emptied, but for what stays.

prune() { # directory, then what stays of it; `only_ours`: down to directories that others can change, and no further
  ( top=$1; shift; bad=0
  [ -z "${only_ours:-}" ] || trusted "$top/x" || exit 1
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
