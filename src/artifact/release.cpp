// Which file of a component's document is asked for; and where it is not there, which ones are.
#include "artifact/release.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace tidelab::artifact {

using nlohmann::json;

namespace {

constexpr std::size_t most_near = 6;

/// The numbers of a release, for an order: v8.5.4-release.1 is 8, 5, 4, 1.
std::vector<long> numbers_of(const std::string& version) {
  std::vector<long> out;
  for (const char* at = version.data(); at < version.data() + version.size();) {
    long number = 0;
    const auto [end, error] = std::from_chars(at, version.data() + version.size(), number);
    if (error == std::errc() && *at != '-') out.push_back(number);
    at = end > at ? end : at + 1;
  }
  return out;
}

/// How many leading numbers two releases share.
std::size_t shared(const std::vector<long>& one, const std::vector<long>& other) {
  const auto [end, ignored] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  return static_cast<std::size_t>(end - one.begin());
}

/// For people, however many there are and however long they are.
std::string joined(const std::vector<std::string>& words) {
  constexpr std::size_t most_words = 40, most_letters = 60;
  std::string out;
  for (std::size_t i = 0; i < std::min(words.size(), most_words); ++i) out += (i == 0 ? "" : ", ") + words[i].substr(0, most_letters);
  return words.size() <= most_words ? out : fmt::format("{}, and {} more", out, words.size() - most_words);
}

/// Those that share most with it, the newest of them first.
std::string near(std::vector<std::string> versions, const std::string& asked) {
  const auto wanted = numbers_of(asked);
  std::sort(versions.begin(), versions.end(), [&](const auto& a, const auto& b) {
    const auto left = numbers_of(a), right = numbers_of(b);
    return std::pair(shared(left, wanted), left) > std::pair(shared(right, wanted), right);
  });
  versions.resize(std::min(versions.size(), most_near));
  return joined(versions);
}

/// A path of a mirror: below it, and of one level.
bool is_plain_name(const std::string& url) { return url.size() > 1 && url.front() == '/' && url.find('/', 1) == url.npos && url != "/.."; }

}  // namespace

std::string names_in(const json& object) {
  std::vector<std::string> names;
  for (const auto& [each, ignored] : object.items()) names.push_back(each);
  return joined(names);
}

Got<Release> pick_release(const Manifest& component, const std::string& mirror, const std::string& version, const std::string& platform) {
  const auto name = text_at(component.body, "id");
  const auto& platforms = object_at(component.body, "platforms");
  const auto& here = object_at(platforms, platforms.contains(platform) ? platform : "any/any");
  if (here.empty()) {
    return refuse(Why::failed, fmt::format("{} has no {} for {}", mirror, name, platform), "it has it for " + names_in(platforms));
  }
  std::vector<std::string> versions;
  for (const auto& [each, about] : here.items())
    if (about.is_object() && about.value("yanked", json()) != json(true)) versions.push_back(each);
  const auto& entry = object_at(here, version);
  const bool yanked = entry.value("yanked", json()) == json(true);
  if (entry.empty() || yanked) {
    auto said = fmt::format("{} has {} {} {} for {}", mirror, yanked ? "withdrawn" : "no", name, version, platform);
    if (!versions.empty()) said += "; near it are " + near(versions, version);
    return refuse(Why::failed, std::move(said));
  }
  const auto url = text_at(entry, "url"), sha256 = text_at(object_at(entry, "hashes"), "sha256");
  const auto checksum = read_checksum("sha256:" + sha256);
  const auto length = count_at(entry, "length");
  if (!is_plain_name(url) || !checksum || length <= 0)
    return end_search(
        {Why::failed, fmt::format("{}/{}.json is not trusted: its entry for {} {} is incomplete", mirror, name, version, platform)});
  return Release{mirror + url, checksum->hex, length, fmt::format("signatures: {}.json version {}", name, component.version)};
}

}  // namespace tidelab::artifact
