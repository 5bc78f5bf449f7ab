// A service that answers in JSON which file a release is: with its address, its digest, and perhaps its size and its exact name.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "artifact/download.hpp"
#include "artifact/sources.hpp"
#include "source/cells.hpp"
#include "step/match.hpp"

namespace tidelab::artifact {

namespace {

constexpr std::size_t longest_answer = 4 << 20;
constexpr std::size_t longest_release = 100, most_releases_told = 20;  // of releases

/// nullopt: it knows no such release.
Got<std::optional<step::Answer>> ask(const std::string& url, const Attempt& attempt, Unreachable& unreachable) {
  const auto got = get_document(url, {{"Accept", "application/json"}}, longest_answer, attempt.control, unreachable);
  if (!got) return tl::unexpected<Refusal>(got.error());
  if (got->too_large) return refuse(Why::failed, fmt::format("{} answers with more than {} MiB", url, longest_answer >> 20));
  if (got->status == 404) return std::optional<step::Answer>{};
  if (got->status != 200) return refuse(Why::failed, fmt::format("{} answered {}", url, got->status));
  auto answer = step::Answer::parse(got->text);
  if (const auto bound = answer.beyond()) return refuse(Why::failed, fmt::format("{} answers with JSON that is not read: {}", url, *bound));
  return std::optional(std::move(answer));
}

tl::unexpected<Refusal> no_such_release(const Attempt& attempt, Unreachable& unreachable) {
  auto said = fmt::format("{} has no release {}", attempt.source.index.substr(0, attempt.source.index.find('?')), attempt.wanted.version);
  const auto others =
      attempt.source.near.empty() ? std::optional<step::Answer>{} : ask(attempt.source.near, attempt, unreachable).value_or(std::nullopt);
  std::vector<std::string> names;
  for (const auto& each : others ? others->elements("") : std::vector<step::Answer>())
    if (const auto name = each.said(attempt.source.at.near)) names.push_back(source::printable(*name, longest_release));
  const auto more = names.size() > most_releases_told ? fmt::format(" and {} more", names.size() - most_releases_told) : std::string();
  names.resize(std::min(names.size(), most_releases_told));
  if (!names.empty()) said += fmt::format("; near it are {}{}", fmt::join(names, ", "), more);
  return refuse(Why::failed, std::move(said));
}

}  // namespace

Got<Fetched> fetch_index(const Attempt& attempt, Unreachable& unreachable) {
  const auto& asked = attempt.source;
  const auto answer = ask(asked.index, attempt, unreachable);
  if (!answer) return tl::unexpected<Refusal>(answer.error());
  const auto url = *answer ? step::value_at(**answer, asked.at.url) : std::nullopt;
  if (!url) return no_such_release(attempt, unreachable);
  const auto digest = step::value_at(**answer, asked.at.checksum);
  const auto checksum = read_checksum(digest.value_or(""));
  if (!checksum)
    return refuse(Why::failed, fmt::format("{} gives no digest at {}", asked.index, asked.at.checksum), (*answer)->text().substr(0, 400));
  Source found;
  found.urls = {*url};
  found.checksum = checksum->text();
  if (!asked.at.bytes.empty()) found.bytes = step::number_at(**answer, asked.at.bytes).value_or(0);
  const Attempt inner{attempt.wanted, found, attempt.control, attempt.cache_dir, attempt.entry_dir, attempt.work_dir};
  auto fetched = fetch_official(inner, unreachable);
  if (!fetched) return fetched;
  fetched->verified_by = fmt::format("{} given by {}", checksum->algorithm, asked.index.substr(0, asked.index.find('?')));
  if (!asked.at.release.empty())
    fetched->release = source::printable(step::value_at(**answer, asked.at.release).value_or(""), longest_release);
  return fetched;
}

}  // namespace tidelab::artifact
