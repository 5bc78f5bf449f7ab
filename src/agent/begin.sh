# What every script begins with, and the words that each function speaks in. Variables are global, all over the agent.

set -u
# What others may read is given its mode.
umask 077
# In all of it `--` comes before the first word, since POSIXLY_CORRECT may be set. (Unsetting it would take bash out of its POSIX mode.)
LC_ALL=C; export LC_ALL

# How many steps were found as they must be; `unsure` where one of them is a service that is kept running, and does not run just now.
in_place=0 unsure=
say() { [ "$2" != holds ] || in_place=$((in_place + 1)); printf '=%s\t%s\t%s\n' "$1" "$2" "$3"; }

# A number of others, before arithmetic or anybody else takes it for one: some shells would run what is written in its place.
number() { case $1 in ''|*[!0-9]*|0?*|????????????????*) return 1 ;; esac; }

# What is there is known again by the moment of its birth: 0 where the file system does not know it.
birth() { b=$(stat -c %W -- "$1" 2>/dev/null); case $b in ''|*[!0-9]*) b=0 ;; esac; printf '%s' "$b"; }

nl='
'
