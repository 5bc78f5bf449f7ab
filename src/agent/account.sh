# The account that the services run under: its numbers, what is run as it, how it is made and removed.

# The account's numbers; where it is gone, those that it had: whatever still has them can be changed by nobody else.
uid= gid= gone=
noted_account() { [ -f "$S/account" ] && read -r as_uid as_gid rest < "$S/account" && number "$as_uid" && number "$as_gid"; }

know_account() {
  [ -z "$uid" ] || return 0
  entry=$(getent passwd "$U") || entry=
  if [ -n "$entry" ]; then entry=${entry#*:*:}; uid=${entry%%:*}; entry=${entry#*:}; gid=${entry%%:*}
  elif noted_account; then uid=$as_uid gid=$as_gid gone=y
  else return 1
  fi
}

note_account() { [ -z "$U" ] || ! know_account || [ -n "$gone" ] || printf '%s %s\n' "$uid" "$gid" > "$S/account"; }
# `timeout` and its words, where it is only looked: root's, since the account could stop one of its own.
within=

as_owner() { # with nothing in the environment that was only ours
  if [ -z "$U" ]; then $within "$@"; return; fi
  know_account || { echo "there is no account $U" >&2; return 1; }
  if [ -n "$gone" ]; then set -- setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@"
  else set -- runuser -u "$U" -- "$@"; fi
  $within env -i "PATH=$PATH" LC_ALL=C HOME=/ "USER=$U" "LOGNAME=$U" ${TIDELAB_RUN:+"TIDELAB_RUN=$TIDELAB_RUN"} "$@"
}

as_reader() { # seconds, words: without a session, which hosts would note, and by the numbers that root noted
  within="timeout -k 2 $1"; shift
  if [ -n "$U" ] && noted_account && command -v setpriv > /dev/null 2>&1; then
    $within env -i "PATH=$PATH" LC_ALL=C setpriv --reuid="$as_uid" --regid="$as_gid" --clear-groups -- "$@"
  else as_owner "$@"; fi
  set -- $?; within=; return "$1"
}

account() { if [ -n "$U" ]; then printf '%s\n' "$U"; else id -un; fi; }
home_of() { getent passwd "$1" | cut -d: -f6; }
look_user() { if [ "$2" = "$my_name" ] || id -u "$2" > /dev/null 2>&1; then say "$1" holds ''; else say "$1" differs 'is missing'; fi; }
no_account() { printf 'the account %s cannot be %s: %s\n%s\n' "$2" "$1" "$(printf '%s\n' "$3" | tail -n 1)" "$3" >&2; } # what is said last is the reason

# The mark in the account itself is what allows its removal: noting it before it is made loses none, and takes no other.
act_user() {
  if ! id -u "$2" > /dev/null 2>&1; then
    record user "$2" || return 1
    i=0
    until said=$(useradd --create-home --shell /bin/bash --comment tidelab -- "$2" 2>&1); do
      # Another tool has the accounts locked, for a moment usually.
      case $said in *' lock'*) [ "$i" -lt 25 ] ;; *) false ;; esac || { no_account made "$2" "$said"; return 1; }
      sleep 0.2; i=$((i + 1))
    done
    [ -z "$said" ] || printf '%s\n' "$said" >&2
    note_account
  fi
  say "$1" made ''
}

drop_user() {
  [ "$(awk -F: -v u="$1" '$1 == u { print $5 }' /etc/passwd)" = tidelab ] || return 0
  # What its processes left where everybody may write would belong to whoever is given its number next.
  find /tmp /var/tmp -xdev -uid "$(id -u "$1")" -delete 2>/dev/null
  # A process that has just ended counts until it is reaped.
  i=0
  until userdel -r -- "$1" > /dev/null 2>&1 || ! id -u "$1" > /dev/null 2>&1; do
    if [ "$i" -ge 50 ]; then said=$(userdel -- "$1" 2>&1) || { no_account removed "$1" "$said"; return 1; }; return 0; fi
    sleep 0.2; i=$((i + 1))
  done
}
