// A component of a TiUP mirror: the mirror's signed documents say which file it is, and which digest that has.
#include <fmt/format.h>

#include "artifact/mirror.hpp"
#include "artifact/sources.hpp"
#include "step/url.hpp"

namespace tidelab::artifact {

Got<Fetched> fetch_tiup(const Attempt& attempt, Unreachable& unreachable, Mirrors& mirrors) {
  const auto& asked = attempt.source;
  const auto release =
      mirrors.at(asked.mirror, asked.root).find(asked.component, attempt.wanted.version, asked.platform, attempt.control, unreachable);
  if (!release) return tl::unexpected<Refusal>(release.error());
  Source found;
  const bool remote = step::is_url(release->place);
  found.kind = remote ? Kind::url : Kind::file;
  found.checksum = "sha256:" + release->sha256;
  found.bytes = release->bytes;
  (remote ? found.urls : found.paths).push_back(release->place);
  const Attempt inner{attempt.wanted, found, attempt.control, attempt.cache_dir, attempt.entry_dir, attempt.work_dir};
  auto fetched = remote ? fetch_official(inner, unreachable) : fetch_file(inner);
  if (fetched) {
    fetched->verified_by = release->verified_by;
    return fetched;
  }
  auto& failure = fetched.error().failure;
  if (!fetched.error().final)
    failure.evidence = fmt::format("the mirror's documents name it ({}), and it cannot be had{}{}", release->verified_by,
                                   failure.evidence.empty() ? "" : "\n", failure.evidence);
  return fetched;
}

}  // namespace tidelab::artifact
