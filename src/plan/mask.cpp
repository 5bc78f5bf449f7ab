#include "plan/mask.hpp"

#include <algorithm>
#include <istream>
#include <ostream>

#include "plan/plan.hpp"

namespace tidelab::plan {
namespace {

// No form of a secret that mask() knows is longer: a byte in a JSON string takes six at most.
std::size_t longest_of(const std::vector<std::string>& secrets) {
  std::size_t out = 1;
  for (const auto& each : secrets) out = std::max(out, 6 * each.size());
  return out;
}

// Takes from the text's beginning what no secret can reach out of, masked.
std::string take_safe(std::string& text, std::size_t longest, const std::vector<std::string>& secrets) {
  if (text.size() < longest) return {};
  const auto whole = mask(text, secrets);
  for (auto cut = text.size() - longest + 1; cut > 0; --cut) {
    auto head = mask(text.substr(0, cut), secrets);
    if (head + mask(text.substr(cut), secrets) != whole) continue;  // one lies across
    text.erase(0, cut);
    return head;
  }
  return {};
}

}  // namespace

bool mask_stream(std::istream& from, std::ostream& to, const std::vector<std::string>& secrets, const std::stop_token& stop,
                 std::size_t piece) {
  const auto longest = longest_of(secrets);
  std::string text, block(piece, '\0');
  while (!stop.stop_requested() && (from.read(block.data(), static_cast<std::streamsize>(block.size())), from.gcount() > 0)) {
    text.append(block, 0, static_cast<std::size_t>(from.gcount()));
    to << take_safe(text, longest, secrets);
  }
  to << mask(text, secrets) << std::flush;
  return !stop.stop_requested() && from.eof() && !from.bad() && to.good();
}

}  // namespace tidelab::plan
