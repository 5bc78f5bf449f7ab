# Keeps one service running where no systemd does. What stands before this: R, where it says what it sees; LOG; STOP, the
# signal that ends the service; and run_service(), which becomes its program.

start_of() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# How often the kernel has ended a process of our group of processes for want of memory, or of the machine where that is not told.
oom_kills() {
  { cat "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/memory.events"
    cat "/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)/memory.oom_control"
    cat /proc/vmstat; } 2>/dev/null | awk '$1 == "oom_kill" { print $2; f = 1; exit } END { if (!f) print 0 }'
}

child=; stopping=; restarts=0; delay=1; oom=0
trap 'stopping=1; [ -z "$child" ] || kill "-$STOP" "$child" 2>/dev/null' TERM
trap '' HUP INT
printf '%s %s\n' "$$" "$(start_of $$)" > "$R/supervisor.new" && mv -f "$R/supervisor.new" "$R/supervisor"
while [ -z "$stopping" ]; do
  began=$(date +%s); killed=$(oom_kills)
  run_service >> "$LOG" 2>&1 < /dev/null &
  child=$!; since=$(start_of "$child") # nothing, where it has ended by now
  printf '%s %s %s %s\n' "$child" "${since:-0}" "$restarts" "$began" > "$R/child.new" && mv -f "$R/child.new" "$R/child"
  wait "$child"; code=$?
  while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done # a signal of ours ends a wait, too
  [ -z "$stopping" ] || break
  now=$(date +%s); lived=$((now - began))
  if [ "$code" = 137 ] && [ "$(oom_kills)" -gt "$killed" ]; then oom=$((oom + 1)); fi
  printf '%s %s %s\n' "$code" "$now" "$oom" > "$R/ended.new" && mv -f "$R/ended.new" "$R/ended"
  [ "$lived" -lt 60 ] || delay=1
  restarts=$((restarts + 1))
  printf '%s tidelab: the process ended with %s after %s s; starting it again in %s s\n' "$(date -u +%FT%TZ)" "$code" "$lived" "$delay" >> "$LOG"
  sleep "$delay" & child=$!
  wait "$child"
  delay=$((delay * 2)); [ "$delay" -le 30 ] || delay=30
done
rm -f "$R/supervisor" "$R/child" "$R/ended"
