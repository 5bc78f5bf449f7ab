// Where a lab's records are on a host.
#include <string_view>

#include <fmt/format.h>

#include "plan/plan.hpp"
#include "step/short_digest.hpp"

namespace tidelab::plan {

namespace {

constexpr std::string_view lead = "/.tidelab-";            // behind the lab's deploy directory
constexpr std::string_view of_root = "/var/lib/tidelab/";  // NAME-DIGEST: labs of one name differ by their deploy directories

}  // namespace

std::string state_dir(const Lane& lane, const std::string& owner) {
  if (owner.empty()) return lane.state_dir;
  return fmt::format("{}{}-{}", of_root, lab_of(lane.state_dir), step::short_digest(lane.state_dir));
}

std::string lab_of(const std::string& state_dir) {
  if (state_dir.starts_with(of_root)) return state_dir.substr(of_root.size(), state_dir.rfind('-') - of_root.size());
  const auto at = state_dir.rfind(lead);
  return at == state_dir.npos ? state_dir : state_dir.substr(at + lead.size());
}

}  // namespace tidelab::plan
