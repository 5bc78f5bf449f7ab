// Changes as lines for people.
#include <algorithm>

#include <fmt/format.h>

#include "guide/changes.hpp"

namespace tidelab::guide {

namespace {

constexpr std::size_t longest = 72;  // of a value that is shown whole
constexpr std::size_t context = 24;  // what is shown around a difference inside a longer one

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

// A value may hold what a terminal would obey.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text;
}

// Where two long texts begin and end to differ, with something around it; both are cut at the same distance from their ends.
std::pair<std::string, std::string> shown_values(const std::string& before, const std::string& after) {
  const auto whole = [](const std::string& text) { return text.empty() ? std::string("(none)") : printable(text); };
  if (std::max(before.size(), after.size()) <= longest || before.empty() || after.empty()) return {whole(before), whole(after)};
  const auto shorter = std::min(before.size(), after.size());
  std::size_t front = 0, back = 0;
  while (front < shorter && before[front] == after[front]) ++front;
  while (back < shorter - front && before[before.size() - 1 - back] == after[after.size() - 1 - back]) ++back;
  front = front > context ? front - context : 0;
  back = back > context ? back - context : 0;
  const auto cut = [&](const std::string& text) {
    auto from = front, to = text.size() - back;
    while (from > 0 && !starts_character(text[from])) --from;
    while (to < text.size() && !starts_character(text[to])) ++to;
    return (from > 0 ? "…" : "") + printable(text.substr(from, to - from)) + (to < text.size() ? "…" : "");
  };
  return {cut(before), cut(after)};
}

std::string places(const Change& change) {
  std::string out;
  for (const auto* each : {&change.before_at, &change.after_at})
    if (each->known()) out += (out.empty() ? "  " : " → ") + source::render_place(*each);
  return out;
}

}  // namespace

std::string render_text(const std::vector<Change>& changes, Tell tell) {
  std::string out, last;
  bool with_it = false;  // the line that names what follows from other changes is open
  for (const auto& each : changes) {
    if (tell != Tell::all && (each.refusal.empty() || each.derived)) continue;
    if (tell == Tell::refused_by_prune && !each.leaves.empty()) continue;
    const auto where = fmt::format("{}", fmt::join(each.where, ", "));
    if (with_it && (!each.derived || where != last)) out += '\n', with_it = false;
    if (each.kind != Change::Kind::changed) {
      out += fmt::format("{} {}{}\n", each.kind == Change::Kind::added ? "+" : "-", where, places(each));
    } else {
      if (where != last) out += where + "\n";
      if (each.derived) {
        out += (with_it ? ", " : "  ~ follows from that: ") + each.field;
        with_it = true;
      } else {
        const auto [before, after] = shown_values(each.before, each.after);
        out += fmt::format("  {} {}: {} → {}{}\n", each.refusal.empty() ? "~" : "✗", each.field, before, after, places(each));
      }
    }
    last = each.kind == Change::Kind::changed ? where : "";
    if (!each.leaves.empty())
      out += fmt::format("      only with `up --prune`: {}\n", each.leaves);
    else if (!each.refusal.empty() && !each.derived)
      out += fmt::format("      not while the lab is up: {}\n", each.refusal);
  }
  return with_it ? out + '\n' : out;
}

}  // namespace tidelab::guide
