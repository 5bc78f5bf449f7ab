#include "agent/parts.hpp"

#include <algorithm>

namespace tidelab::agent {
namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

std::string_view leading_word(std::string_view line) { return line.substr(0, line.find_first_not_of(letters)); }

/// The function that begins on this line.
std::string_view function_of(std::string_view line) {
  const auto name = leading_word(line);
  return line.substr(name.size()).starts_with("() ") ? name : std::string_view();
}

bool is_remark(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first == line.npos || line[first] == '#';
}

// With what may stand behind the body: a redirection, a remark.
bool ends_on_its_line(std::string_view line) { return line.find("; }") != line.npos; }

}  // namespace

std::string without_remarks(std::string_view script) {
  std::string out;
  while (!script.empty())
    if (const auto line = take_line(script); !is_remark(line)) out += std::string(line) + '\n';
  return out;
}

Parts::Parts(std::string_view script) {
  while (!script.empty()) {
    const auto first = take_line(script);
    if (is_remark(first)) continue;
    Part part;
    part.text = std::string(first) + '\n';
    const auto note = [&](std::string_view name) {
      if (!name.empty()) part.names.emplace_back(name);
    };
    const auto take_until = [&](auto is_last) {
      for (bool last = false; !last && !script.empty();) {
        const auto line = take_line(script);
        note(function_of(line));
        if (!is_remark(line)) part.text += std::string(line) + '\n';
        last = is_last(line);
      }
    };
    const auto word = leading_word(first);
    if (!function_of(first).empty()) {
      note(word);
      if (!ends_on_its_line(first)) take_until([](std::string_view line) { return line.starts_with('}') || line.starts_with(')'); });
    } else if (!word.empty() && first.substr(word.size()) == "='") {
      note(word);
      take_until([](std::string_view line) { return line == "'"; });
      if (script.starts_with("eval ")) part.text += std::string(take_line(script)) + '\n';
    }
    for (const auto& name : part.names) by_name_.emplace(name, parts_.size());
    parts_.push_back(std::move(part));
  }
  for (auto& part : parts_) part.needs = named_in(part.text);
}

std::vector<std::size_t> Parts::named_in(std::string_view text) const {
  std::vector<std::size_t> out;
  for (auto at = text.find_first_of(letters); at != text.npos; at = text.find_first_of(letters, at)) {
    const auto word = leading_word(text.substr(at));
    if (const auto found = by_name_.find(word); found != by_name_.end()) out.push_back(found->second);
    at += word.size();
  }
  return out;
}

std::string Parts::needed_by(std::string_view calls) const {
  std::vector<bool> needed(parts_.size());
  auto open = named_in(calls);
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].names.empty()) open.push_back(i);
  while (!open.empty()) {
    const auto each = open.back();
    open.pop_back();
    if (needed[each]) continue;
    needed[each] = true;
    open.insert(open.end(), parts_[each].needs.begin(), parts_[each].needs.end());
  }
  std::string out;
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (needed[i]) out += parts_[i].text;
  return out;
}

}  // namespace tidelab::agent
