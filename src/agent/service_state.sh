# What is known of the process of a service, as one JSON object.

runs_for() { # start time of a process, when it began by the clock: seconds. Clocks are set, the time since boot is not; but some containers have one of their own.
  ago=-1
  if read -r up rest < /proc/uptime; then ago=$((${up%%.*} - $1 / $(getconf CLK_TCK))); fi 2>/dev/null
  [ "$ago" -ge 0 ] || ago=$(($(date +%s) - $2))
  [ "$ago" -ge 0 ] || ago=0
  printf '%s' "$ago"
}

kept_process() { # run-dir of a service with a keeper: gives p, restarts, began, ps_state and ps_began of its process, a zombie too
  own_numbers "$1" child p t restarts began || { restarts=0 began=0; return 1; }
  stat_of "$p"
  [ "$ps_began" = "$t" ] && is_accounts "$p"
}

unit_process() { # gives p, restarts and began of a unit that runs
  unit_state "$um" "${up##*/}" && [ "$main" != 0 ] && [ "$active" != activating ] || return 1
  p=$main; restarts=$again
  stat_of "$p"
  began=$(($(awk '/^btime/ { print $2 }' /proc/stat) + ps_began / $(getconf CLK_TCK))) 2>/dev/null
}

last_end() { # run-dir: gives code, ended (seconds ago) and oom: how its last process ended, and how often the kernel ended one for want of memory; ended_at by a keeper's clock
  code=null ended=null oom=0 ended_at=
  if in_unit "$1"; then unit_end
  elif own_numbers "$1" ended code ended oom; then ended_at=$ended ended=$(($(date +%s) - ended))
  else code=null ended=null oom=0
  fi
}

# What systemd knows of the last end: its code as a shell says it, and when, in microseconds since boot.
unit_end() { # gives code, ended and oom, once it is in_unit
  how= result= status= at=
  shown=$(ctl "$um" show -p Result -p ExecMainCode -p ExecMainStatus -p ExecMainExitTimestampMonotonic -- "${up##*/}" 2>/dev/null) || return 0
  while IFS='=' read -r key value; do
    case $key in Result) result=$value ;; ExecMainCode) how=$value ;; ExecMainStatus) status=$value ;; ExecMainExitTimestampMonotonic) at=$value ;; esac
  done <<EOF
$shown
EOF
  number "$how" && number "$status" && number "$at" || return 0
  if [ "$at" = 0 ] || ! read -r seconds rest < /proc/uptime; then return 0; fi
  code=$status; [ "$how" = 1 ] || code=$((status + 128)) # 2 and 3: by a signal
  ended=$((${seconds%%.*} - at / 1000000)); [ "$ended" -ge 0 ] || ended=0
  [ "$result" != oom-kill ] || oom=1
}

process_of() { # run-dir: one JSON object
  p=0 restarts=0 began=0 state=down exe= up_for=0 rss=0
  last_end "$1"
  if in_unit "$1"; then
    if unit_process; then state=running; elif [ "$active" = activating ]; then state=restarting restarts=$again; fi
  elif kept_process "$1"; then state=running
  elif keeps "$1" supervisor; then
    state=restarting
    if own_line "$1" child && ! own_numbers "$1" child p t restarts began; then state=unclear restarts=0; fi # what is there are no numbers
  fi
  # Nobody saw the end of one that was started after the end that is known.
  if [ "$state" = down ] && [ -n "$ended_at" ] && [ "${began:-0}" -ge "$ended_at" ]; then code=null ended=null; fi
  if [ "$state" = running ]; then
    case $ps_state in T|t) state=stopped ;; Z|X|x) state=zombie ;; esac
    exe=$(readlink -n "/proc/$p/exe" | tr '\000-\037\177-\377' '?' | sed 's/[\\"]/\\&/g')
    up_for=$(runs_for "$ps_began" "${began:-0}")
    rss=$(awk '/^VmRSS/ { print $2; f = 1 } END { if (!f) print 0 }' "/proc/$p/status" 2>/dev/null)
  else p=0 began=0; fi
  case $state in running|stopped) running=true ;; *) running=false ;; esac
  case $state in restarting) restarting=true ;; *) restarting=false ;; esac
  printf '{"running":%s,"state":"%s","pid":%s,"exe":"%s","restarts":%s,"up_seconds":%s,"since_ms":%s,"rss_kb":%s,"restarting":%s,"exit":%s,"ended_seconds":%s,"oom":%s}\n' \
    "$running" "$state" "$p" "$exe" "${restarts:-0}" "$up_for" "$((${began:-0} * 1000))" "${rss:-0}" "$restarting" "$code" "$ended" "$oom"
}
