// Release numbers and ranges of them. A pre-release suffix is ignored: v8.4.0-alpha is 8.4.0.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidelab::playbook {

struct Version {
  std::array<int, 3> part{};  ///< missing parts are 0
  friend auto operator<=>(const Version&, const Version&) = default;
};

/// "v8.4.0-alpha", "2.13-2.7.0"? No: only one to three numbers, an optional leading v, an optional suffix
/// that begins with `-` or `+`.
std::optional<Version> parse_version(std::string_view text);

/// ">=2.4 <4.0 || 5.0.3": alternatives of bounds that must all hold. "*" is everything. A bare version
/// means every release that begins with the parts written: "11" holds of 11.0.13.
class Range {
public:
  static std::optional<Range> parse(std::string_view text);
  bool holds(const Version& version) const;
  /// Whether there is a version of which both hold.
  bool overlaps(const Range& other) const;
  /// Where it can begin or end: at nothing, at each bound, and right behind it. Between two of them nothing changes.
  std::vector<Version> edges() const;

private:
  struct Bound {
    enum class Is { at_least, above, at_most, below, prefix } is;
    Version version;
    int parts;
  };
  std::vector<std::vector<Bound>> alternatives_;
};

}  // namespace tidelab::playbook
