// Tables that fit the line they are read on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tidelab::cli {

/// A column. Of those that do not fit, the ones with the highest `spare` go to lines below their row first; 0: it stays, and
/// nothing of it is ever cut.
struct Column {
  std::string head;
  int spare = 0;
  bool dear = true;    ///< false: left out where there is no room
  bool right = false;  ///< numbers
};

/// A row; what is `below` it comes indented, broken at spaces.
struct Line {
  std::vector<std::string> cells;
  std::vector<std::string> below{};
};

/// `columns` cells wide at most, where that can be without cutting; 0: of any width.
std::string render_table(const std::vector<Column>& head, const std::vector<Line>& lines, std::size_t columns);

}  // namespace tidelab::cli
