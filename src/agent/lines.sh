# Lists of paths, one a line, asked by the words of the shell.

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
