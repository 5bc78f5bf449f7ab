#include "agent/turn.hpp"

#include <fmt/format.h>

#include "host/quote.hpp"

namespace tidelab::agent {

// Nothing but builtins of the shell, so that these cost no process.
std::string looks_function(const std::string& looks) {
  return "{ read -r up_first rest < /proc/uptime; } 2>/dev/null || up_first=\nlooks() {\nin_place=0 unsure= modes= sums= own_known=$nl\n" +
         looks + "}\n";
}

std::string unless_settled(std::size_t count, const std::string& facts) {
  return fmt::format(R"(looks
[ "$in_place$unsure" != {} ] || {{ printf 'settled\nend\n'; exit 0; }}
{})",
                     count, facts);
}

std::pair<std::string, std::string> run_mark(const std::string& state_dir, const std::string& run) {
  return {"TIDELAB_RUN", state_dir + ":" + run};
}

namespace {

// What marked() wants.
std::string marked_words(const std::string& state_dir, const std::string& run) {
  const auto [name, mark] = run_mark(state_dir, run);
  std::string pattern = name + "=";
  for (const char c : state_dir) {
    if (std::string_view(".[*^$\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return host::quote(pattern + ":[-0-9A-Za-z]*") + " " + host::quote(name + "=" + mark);
}

}  // namespace

std::string end_orphans_call(const std::string& state_dir, const std::string& run) { return "end_orphans " + marked_words(state_dir, run); }

std::string settled_unclaimed(std::size_t count, const std::string& state_dir, const std::string& run) {
  return fmt::format(R"(if undisturbed {}; then
looks
if [ "$in_place$unsure" = {} ] && still_undisturbed; then printf 'unclaimed\nsettled\nend\n'; exit 0; fi
fi
)",
                     marked_words(state_dir, run), count);
}

std::string claim_words(const Claim& claim) {
  return fmt::format("{} {} {}", host::quote(claim.controller), host::quote(claim.who), claim.take ? "take" : "ask");
}

}  // namespace tidelab::agent
