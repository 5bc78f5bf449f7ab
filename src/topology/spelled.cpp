#include "topology/spelled.hpp"

#include <regex>

namespace tidelab::topology {

Spelled read_spelling(const std::vector<playbook::Spelling>& spellings, const std::string& written) {
  constexpr std::size_t most = 100;  // a regular expression on a text of megabytes could overflow the stack
  if (written.size() > most) return {};
  for (const auto& each : spellings) {
    std::smatch match;
    if (!std::regex_match(written, match, std::regex(each.like.value))) continue;
    if (!each.means.empty()) return {match.format(each.means.value), ""};
    return {"", match.format(each.refused.value)};
  }
  return {};
}

const std::vector<playbook::Spelling>& spellings_of(const playbook::Common& common, const source::Text& name) {
  static const std::vector<playbook::Spelling> none;
  const auto found = common.spellings.find(name.value);
  return name.empty() || found == common.spellings.end() ? none : found->second;
}

}  // namespace tidelab::topology
