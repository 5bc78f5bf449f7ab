# Looking for what is left of a lab: at the host, and not only in the list.

# Whatever it is that still is there, in lines of a kind and a text. It looks at the host, and believes no list of ours alone.
residue() { # ports… ; U, S, list, kept
  if [ -n "$list" ]; then
    entries dir | while IFS= read -r p; do if in_lines "$p" "$kept" || holds_one "$p" "$kept" || ! { [ -e "$p" ] || [ -L "$p" ]; }; then continue; fi; printf 'file %s\n' "$p"; done
    entries file | while IFS= read -r p; do if in_lines "$p" "$kept" || ! [ -e "$p" ]; then continue; fi; printf 'file %s\n' "$p"; done
    entries user | while IFS= read -r u; do if [ -z "$kept" ] && [ "$(awk -F: -v u="$u" '$1 == u { print $5 }' /etc/passwd)" = tidelab ]; then printf 'user %s\n' "$u"; fi; done
  fi
  if [ -z "$kept" ] && { [ -e "$S" ] || [ -L "$S" ]; }; then printf 'file %s\n' "$S"; fi
  for u in /etc/systemd/system/tidelab-*.service; do if is_ours "$u"; then printf 'unit %s\n' "$u"; fi; done
  entries unit | while IFS= read -r u; do
    if is_ours "$u"; then case $u in /etc/systemd/system/*) ;; *) printf 'unit %s\n' "$u" ;; esac; fi
    if have_systemd && case $u in /etc/systemd/system/*) ;; *) false ;; esac; then
      a=$(systemctl show -p ActiveState --value -- "${u##*/}" 2>/dev/null < /dev/null)
      case $a in inactive|'') ;; *) [ -e "$u" ] || printf 'unit %s is %s\n' "${u##*/}" "$a" ;; esac
    fi
  done
  tops=$(printf '%s\n%s\n' "$outer" "$S/run" | grep .)
  idle "$@"
}

idle() { # ports…, `tops`: says what is busy, and stays so
  [ -n "$tops" ] || return 0
  i=0
  while found=$(busy "$@"); [ -n "$found" ] && [ "$i" -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
  [ -z "$found" ] || printf '%s\n' "$found"
}

busy() { # ports…, `tops`: what of the lab runs: programs below these directories, and interpreters of a script there
  mine=' '; q=$$
  while [ "${q:-0}" -gt 1 ]; do mine="$mine$q "; stat_of "$q"; q=$ps_parent; done
  set -- "$tops" "$@"
  found=$(ls -l /proc/[0-9]*/exe 2>/dev/null | L=$tops awk 'BEGIN { n = split(ENVIRON["L"], l, "\n") } { for (i = 1; i <= n; i++) if (index($0, "/exe -> " l[i] "/")) { sub(/^.* \/proc\//, ""); sub(/\/.*/, ""); print; next } }'
    for q in $(printf '%s\n' "$tops" | while IFS= read -r p; do grep -laF -e "$p/" /proc/[0-9]*/cmdline 2>/dev/null; done | cut -d/ -f3); do
      w=$(tr '\n\000' ' \n' < "/proc/$q/cmdline" 2>/dev/null | head -n 2 | tail -n 1)
      if in_lines "$w" "$tops"; then echo "$q"; fi
    done)
  shift
  running=
  for q in $(printf '%s\n' "$found" | sort -un); do case "$mine" in *" $q "*) ;; *) stat_of "$q"; [ "$ps_state" = Z ] || running="$running $q" ;; esac; done
  for q in $running; do printf 'process %s (%s)\n' "$q" "$(tr '\000\n' '  ' < "/proc/$q/cmdline" 2>/dev/null | cut -c 1-120)"; done
  for port in "$@"; do
    hex=$(printf '%04X' "$port")
    inode=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v h="$hex" '{ n = split($2, a, ":"); if (a[n] == h && $4 == "0A") { print $10; exit } }')
    [ -n "$inode" ] || continue
    for q in $running; do ls -l "/proc/$q/fd" 2>/dev/null | grep -qF "socket:[$inode]" && { printf 'port %s is held by process %s\n' "$port" "$q"; break; }; done
  done
}
