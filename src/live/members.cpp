// A group of servers as an address: each of its members as a question of its own.
#include <fmt/format.h>

#include "live/world.hpp"

namespace tidelab::live {

using namespace step;

namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (true) {
    const auto comma = std::min(list.find(','), list.size());
    out.emplace_back(list.substr(0, comma));
    if (comma == list.size()) return out;
    list.remove_prefix(comma + 1);
  }
}

template <class Word>
std::vector<Action> with_addresses(const Word& word, Text Word::*address, const std::string& before, const std::string& list,
                                   const std::string& behind) {
  std::vector<Action> out;
  for (const auto& each : split(list)) {
    auto member = word;
    (member.*address).value = before + each + behind;
    out.emplace_back(std::move(member));
  }
  return out;
}

}  // namespace

std::vector<Action> each_member(const Action& action) {
  if (const auto* http = std::get_if<Http>(&action)) {
    const auto& url = http->url.value;
    const auto from = url.find("//");
    if (from == std::string::npos) return {action};
    const auto to = std::min(url.find('/', from + 2), url.size());
    return with_addresses(*http, &Http::url, url.substr(0, from + 2), url.substr(from + 2, to - from - 2), url.substr(to));
  }
  if (const auto* sql = std::get_if<Sql>(&action)) return with_addresses(*sql, &Sql::address, "", sql->address.value, "");
  if (const auto* tcp = std::get_if<Tcp>(&action)) return with_addresses(*tcp, &Tcp::address, "", tcp->address.value, "");
  return {action};
}

}  // namespace tidelab::live
