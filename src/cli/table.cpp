#include "cli/table.hpp"

#include <algorithm>

#include "cli/terminal.hpp"

namespace tidelab::cli {

namespace {

constexpr std::size_t between = 2, indent = 4;

std::vector<std::size_t> widths_of(const std::vector<Column>& head, const std::vector<Line>& lines) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < head.size(); ++i) {
    auto width = cells(head[i].head);
    for (const auto& line : lines) width = std::max(width, cells(line.cells[i]));
    out.push_back(width);
  }
  return out;
}

// Which columns stand side by side.
std::vector<bool> choose(const std::vector<Column>& head, const std::vector<std::size_t>& widths, std::size_t columns) {
  std::vector<bool> stays(head.size(), true);
  const auto total = [&] {
    std::size_t out = 0;
    for (std::size_t i = 0; i < head.size(); ++i)
      if (stays[i]) out += widths[i] + (out > 0 ? between : 0);
    return out;
  };
  while (columns > 0 && total() > columns) {
    std::size_t most = head.size();
    for (std::size_t i = 0; i < head.size(); ++i)
      if (stays[i] && head[i].spare > 0 && (most == head.size() || head[i].spare > head[most].spare)) most = i;
    if (most == head.size()) break;
    stays[most] = false;
  }
  return stays;
}

std::string row_of(const std::vector<Column>& head, const std::vector<std::string>& texts, const std::vector<std::size_t>& widths,
                   const std::vector<bool>& stays) {
  std::string out;
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (!stays[i]) continue;
    if (!out.empty()) out.append(between, ' ');
    const auto room = widths[i] - cells(texts[i]);
    if (head[i].right) out.append(room, ' ');
    out += texts[i];
    if (!head[i].right) out.append(room, ' ');
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

// What found no room, as `head value` with commas between.
std::string rest_of(const std::vector<Column>& head, const std::vector<std::string>& texts, const std::vector<bool>& stays) {
  std::string out;
  for (std::size_t i = 0; i < head.size(); ++i)
    if (!stays[i] && head[i].dear && !texts[i].empty() && texts[i] != "–") out += (out.empty() ? "" : ", ") + head[i].head + " " + texts[i];
  return out;
}

}  // namespace

std::string render_table(const std::vector<Column>& head, const std::vector<Line>& lines, std::size_t columns) {
  const auto widths = widths_of(head, lines);
  const auto stays = choose(head, widths, columns);
  const auto room = columns > indent ? columns - indent : std::string::npos;
  std::vector<std::string> names;
  for (const auto& each : head) names.push_back(each.head);
  auto out = row_of(head, names, widths, stays);
  for (const auto& line : lines) {
    out += row_of(head, line.cells, widths, stays);
    auto below = line.below;
    if (auto rest = rest_of(head, line.cells, stays); !rest.empty()) below.insert(below.begin(), std::move(rest));
    for (const auto& text : below)
      for (const auto& part : wrap(text, room)) out += std::string(indent, ' ') + part + "\n";
  }
  return out;
}

}  // namespace tidelab::cli
