# What services' keepers say, and the digests of files, asked for together: see foresee_content().

foreseen() { # run-dirs of services, `--`, files
  while read -r key value rest; do case $key in Uid:) echo "uid $value"; break ;; esac; done < /proc/self/status
  said=
  while [ "$1" != -- ]; do
    for f in supervisor child ended; do if [ -f "$1/own/$f" ]; then said="$said
$1/own/$f"; fi; done
    shift
  done
  shift
  set -f; IFS='
'
  # shellcheck disable=SC2086 # lines are the words
  [ -z "$said" ] || head -v -c 200 -- $said
  unset IFS
  echo '
--'
  for f do shift; [ ! -f "$f" ] || set -- "$@" "$f"; done # a link to a device, or a pipe, could be read for ever
  [ $# = 0 ] || exec sha256sum --tag -- "$@"
}
