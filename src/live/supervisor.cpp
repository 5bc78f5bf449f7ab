// The loop that keeps a service running on its host when there is nobody else to do it.
#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/agent.hpp"

namespace tidelab::live {

std::string exec_source(const Supervised& s) {
  std::string out = "#!/bin/sh\n# Started by systemd; written by tidelab, which replaces it at the next change.\n";
  for (const auto& [key, value] : s.env) out += fmt::format("export {}={}\n", key, host::quote(value));
  return out + fmt::format("cd {} || exit 1\nexec {}\n", host::quote(s.cwd.empty() ? "/" : s.cwd), host::quote_argv(s.argv));
}

std::string supervisor_source(const Supervised& s) {
  std::string out = "#!/bin/sh\n# Keeps one service running; written by tidelab, which replaces it at the next change.\n";
  out += fmt::format("R={}\nLOG={}\n", host::quote(s.run_dir + "/own"), host::quote(s.log));
  out += "start_of() { sed 's/^.*) //' \"/proc/$1/stat\" 2>/dev/null | cut -d' ' -f20; }\n";
  for (const auto& [key, value] : s.env) out += fmt::format("export {}={}\n", key, host::quote(value));
  out += fmt::format("cd {} || exit 1\n", host::quote(s.cwd.empty() ? "/" : s.cwd));
  // How often the kernel has ended a process of our group of processes for want of memory, or of the machine where that is not told.
  out += R"sh(oom_kills() {
  { cat "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/memory.events"
    cat "/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)/memory.oom_control"
    cat /proc/vmstat; } 2>/dev/null | awk '$1 == "oom_kill" { print $2; f = 1; exit } END { if (!f) print 0 }'
}
)sh";
  out += "child=; stopping=; restarts=0; delay=1; oom=0\n";
  out += fmt::format("trap 'stopping=1; [ -z \"$child\" ] || kill -{} \"$child\" 2>/dev/null' TERM\ntrap '' HUP INT\n",
                     s.stop_signal.empty() ? "TERM" : s.stop_signal);
  out += "printf '%s %s\\n' \"$$\" \"$(start_of $$)\" > \"$R/supervisor.new\" && mv -f \"$R/supervisor.new\" \"$R/supervisor\"\n";
  out += "while [ -z \"$stopping\" ]; do\n  began=$(date +%s); killed=$(oom_kills)\n";
  out += fmt::format("  {} >> \"$LOG\" 2>&1 < /dev/null &\n", host::quote_argv(s.argv));
  out += R"sh(  child=$!
  printf '%s %s %s %s\n' "$child" "$(start_of "$child")" "$restarts" "$began" > "$R/child.new" && mv -f "$R/child.new" "$R/child"
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
)sh";
  return out;
}

}  // namespace tidelab::live
