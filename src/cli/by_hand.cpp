#include "cli/by_hand.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "host/quote.hpp"
#include "source/cells.hpp"
#include "source/diagnostic.hpp"

namespace tidelab::cli {

namespace {

std::string exports(const plan::Tools& tools) {
  std::string out;
  for (const auto& [name, value] : tools.env) out += fmt::format("export {}={}; ", name, host::quote(value));
  return out.empty() ? ": ; " : out;
}

bool all_alike(const std::vector<const plan::Component*>& meant) {
  return std::all_of(meant.begin(), meant.end(), [&](const auto* each) { return each->tools.env == meant.front()->tools.env; });
}

// Whose program it is decides about the variables: which is known here for a path, and there for a name.
std::string choose_variables(const std::vector<const plan::Component*>& meant, const std::string& program) {
  if (meant.empty()) return {};
  if (all_alike(meant)) return exports(meant.front()->tools);
  std::string out;
  for (const auto* each : meant) {
    std::string there;
    for (const auto& dir : each->tools.path) {
      if (program.find('/') == std::string::npos)
        there += (there.empty() ? "" : " || ") + fmt::format("[ -x {} ]", host::quote(dir + "/" + program));
      else if (program.starts_with(dir + "/"))
        return exports(each->tools);
    }
    if (!there.empty()) out += fmt::format("{} {}; then {}", out.empty() ? "if" : "elif", there, exports(each->tools));
  }
  return out.empty() ? out : out + "fi; ";
}

std::string path_of(const std::vector<const plan::Component*>& meant) {
  std::vector<std::string> dirs;
  for (const auto* each : meant)
    for (const auto& dir : each->tools.path)
      if (std::find(dirs.begin(), dirs.end(), dir) == dirs.end()) dirs.push_back(dir);
  std::string out = "PATH=";
  for (const auto& dir : dirs) out += host::quote(dir) + ":";
  return out + "$PATH; export PATH; ";
}

}  // namespace

std::vector<const plan::Component*> tool_owners(const plan::Plan& plan, std::size_t lane, const std::vector<std::string>& nodes) {
  std::vector<const plan::Component*> out;
  for (const auto& each : plan.components)
    if (static_cast<std::size_t>(each.lane) == lane && !each.tools.path.empty() && plan::means_any(plan, each, nodes)) out.push_back(&each);
  return out;
}

std::vector<std::string> with_tools(std::vector<const plan::Component*> meant, std::vector<std::string> words) {
  if (meant.empty() || words.empty()) return words;
  const auto script = path_of(meant) + choose_variables(meant, words.front()) + "exec \"$@\"";
  words.insert(words.begin(), {"sh", "-c", script, "sh"});
  return words;
}

std::vector<std::string> question_for_missing(const std::vector<const plan::Component*>& meant, const std::string& program) {
  if (meant.empty() || program.empty() || program.find('/') != std::string::npos) return {};
  std::vector<std::string> words = {"sh", "-c",
                                    path_of(meant) +
                                        "command -v -- \"$1\" >/dev/null 2>&1 && exit; shift; "
                                        "for d do [ -d \"$d\" ] && ls -1 -- \"$d\"; done",
                                    "sh", program};
  for (const auto* each : meant) words.insert(words.end(), each->tools.path.begin(), each->tools.path.end());
  return words;
}

std::string what_was_meant(const std::string& program, const std::string& listed) {
  std::vector<std::string> names;
  std::istringstream lines(listed);
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  // Left out more often than mistyped: an ending such as `.sh`.
  const auto longer = std::find_if(names.begin(), names.end(), [&](const auto& each) { return each.starts_with(program + "."); });
  if (longer != names.end()) return source::printable(*longer, 60);
  return source::printable(source::did_you_mean(program, names), 60);
}

}  // namespace tidelab::cli
