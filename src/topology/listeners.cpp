#include "topology/listeners.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace tidelab::topology {

namespace {

bool is_port(const std::string& text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 0 && port <= 65535;
}

}  // namespace

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (bool more = true; more;) {
    const auto end = text.find(at);
    more = end != std::string_view::npos;
    auto piece = text.substr(0, end);
    while (piece.starts_with(' ')) piece.remove_prefix(1);
    while (piece.ends_with(' ')) piece.remove_suffix(1);
    out.emplace_back(piece);
    if (more) text.remove_prefix(end + 1);
  }
  return out;
}

bool split_address(const std::string& text, std::string& host, std::string& port) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  host = text.substr(0, colon);
  port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return is_port(port);
}

std::optional<Listener> parse_listener(const std::string& text) {
  const auto sign = text.find("://");
  Listener out;
  if (sign == std::string::npos || sign == 0) return std::nullopt;
  out.text = text;
  out.name = text.substr(0, sign);
  std::transform(out.name.begin(), out.name.end(), out.name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (!split_address(text.substr(sign + 3), out.host, out.port)) return std::nullopt;
  return out;
}

std::vector<Listener> parse_listeners(const std::string& text) {
  std::vector<Listener> out;
  for (const auto& each : split(text, ','))
    if (auto listener = parse_listener(each)) out.push_back(std::move(*listener));
  return out;
}

std::vector<Listener> parse_addresses(const std::string& text) {
  std::vector<Listener> out;
  for (const auto& each : split(text, ',')) {
    const auto sign = each.find("://");
    const auto begin = sign == std::string::npos ? 0 : sign + 3;
    Listener made{each.substr(0, sign == std::string::npos ? 0 : sign), "", "", each};
    if (split_address(each.substr(begin, each.find('/', begin) - begin), made.host, made.port)) out.push_back(std::move(made));
  }
  return out;
}

source::Span span_of(const Found& value, const std::string& piece) {
  const auto at = value.value.find(piece);
  return at == std::string::npos ? value.span : part_of({value.value, value.span}, at, piece.size());
}

}  // namespace tidelab::topology
