// Events become nodes.
#include "yaml/tree.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "yaml/read.hpp"

namespace tidelab::yaml {

namespace {

constexpr int most_complaints = 100;  // a file of a million equal keys must not become a million diagnostics
constexpr std::string_view standard = "tag:yaml.org,2002:";
constexpr std::string_view standard_text = "tag:yaml.org,2002:str";

}  // namespace

Tree::Tree(const source::File& file, const Places& places, source::Diagnostics& diagnostics, const Limits& limits)
    : file_(file), places_(places), diagnostics_(diagnostics), limits_(limits) {}

void Tree::add_null(const Event& event) {
  Grown grown;
  const auto at = event.anchor != 0 ? skip_properties(file_.text, event.at) : event.at;
  const auto length = null_length(file_.text, at);
  grown.end = length > 0 ? at + length : place_of_nothing(event);
  grown.node.span = length > 0 ? places_.span(at, grown.end) : places_.at(grown.end);
  add(std::move(grown), event.anchor, false);
}

// A value left out is marked at the next token, which may be lines below; people look for it behind its key or dash.
std::size_t Tree::place_of_nothing(const Event& event) const {
  if (stack_.empty() || event.anchor != 0 || at_key()) return event.at;
  const auto& frame = stack_.back();
  if (frame.has_key) return behind_colon(file_.text, frame.key_end);
  return frame.flow ? event.at : behind_dash(file_.text, event.at);
}

void Tree::add_scalar(const Event& event, const std::string& value) {
  check_tag(event);
  const auto extent = read_extent(file_.text, skip_properties(file_.text, event.at), value);
  check_tab(extent.begin);
  Grown grown;
  grown.end = reached_ = extent.end;
  grown.node.kind = Kind::scalar;
  grown.node.span = places_.span(extent.begin, extent.end);
  grown.node.text = value;
  grown.node.quoted = event.tag == "!" || event.tag == standard_text;
  if (!extent.closed) {
    complain("Y001", "a quote is opened and never closed", places_.at(extent.begin)).help =
        "close it, or quote a text that holds a quote with the other kind";
    throw Abandoned{};
  }
  const bool is_merge_key = at_key() && value == "<<" && event.tag == "?";
  add(std::move(grown), event.anchor, is_merge_key);
}

void Tree::add_alias(const Event& event) {
  const auto end = end_of_alias(file_.text, event.at);
  const auto span = places_.span(event.at, end);
  const auto found = anchors_.find(event.anchor);
  if (found == anchors_.end()) {  // the parser knows the name, so the anchor is still being read
    complain("Y001", fmt::format("`{}` stands inside the value that it names", file_.text.substr(event.at, end - event.at)), span);
    throw Abandoned{};
  }
  count(found->second.nodes - 1, span);  // add counts the topmost
  check_depth(found->second.height, span);
  auto copy = found->second;
  copy.end = end;
  if (at_key()) copy.node.span = span;
  add(std::move(copy), 0, false);
}

void Tree::start(Kind kind, const Event& event, bool flow) {
  check_tag(event);
  const auto at = skip_properties(file_.text, event.at);
  if (!flow) check_tab(at);
  Frame frame;
  frame.grown.node.kind = kind;
  frame.grown.node.span = places_.at(at);
  frame.anchor = event.anchor;
  frame.flow = flow;
  frame.bracket = flow && (file_.text.substr(at, 1) == "[" || file_.text.substr(at, 1) == "{");
  check_depth(1, frame.grown.node.span);
  stack_.push_back(std::move(frame));
}

void Tree::end() {
  auto frame = std::move(stack_.back());
  stack_.pop_back();
  merge(frame);
  ++frame.grown.height;
  add(std::move(frame.grown), frame.anchor, false);
}

void Tree::add(Grown grown, std::size_t anchor, bool is_merge_key) {
  count(1, grown.node.span);
  if (anchor != 0) {
    count(grown.nodes, grown.node.span);
    anchors_[anchor] = grown;
  }
  if (stack_.empty()) {
    root_ = std::move(grown.node);
    return;
  }
  auto& frame = stack_.back();
  frame.grown.nodes += grown.nodes;
  frame.grown.height = std::max(frame.grown.height, grown.height);
  if (frame.grown.node.is_sequence()) {
    frame.grown.node.items.push_back(std::move(grown.node));
  } else if (!frame.has_key) {
    add_key(frame, std::move(grown), is_merge_key);
  } else {
    add_entry(frame, std::move(grown.node));
  }
}

void Tree::add_key(Frame& frame, Grown grown, bool is_merge_key) {
  auto& node = grown.node;
  auto& whole = frame.grown.node.span;
  frame.has_key = true;
  frame.key_end = grown.end;
  frame.key = {node.text, node.span};
  frame.skip = !node.is_scalar();
  if (whole.line == node.span.line && whole.column == node.span.column) whole.length = node.span.length;
  if (frame.skip) {
    auto& made = complain("Y006", fmt::format("a key must be a text, found {}", name_of(node)), node.span);
    made.help =
        node.is_null() ? "write the key, in quotes if it shall be this very text" : "quote a text that begins with a bracket or a brace";
    return;
  }
  const auto [first, is_new] = frame.seen.try_emplace(node.text, node.span);
  if (!is_new) {
    auto& made = complain("Y002", fmt::format("`{}` is written twice in one mapping", node.text), node.span);
    made.notes.push_back({"first written", first->second});
    made.help = "keep one of them";
    frame.skip = true;
  } else if (is_merge_key) {
    frame.merging = true;
  }
}

void Tree::add_entry(Frame& frame, Node value) {
  frame.has_key = false;
  if (frame.skip) return;
  if (std::exchange(frame.merging, false)) {
    frame.merges.push_back(std::move(value));
  } else {
    frame.grown.node.entries.push_back({std::move(frame.key), std::move(value)});
  }
}

// At the end of the mapping, because what is written in it wins, also when it is written below the `<<`.
void Tree::merge(Frame& frame) {
  for (auto& from : frame.merges) {
    if (from.is_sequence()) {
      for (auto& item : from.items) merge_one(frame, item);
    } else {
      merge_one(frame, from);
    }
  }
}

void Tree::merge_one(Frame& frame, Node& from) {
  if (!from.is_mapping()) {
    complain("Y001", fmt::format("`<<` takes a mapping or a list of mappings, found {}", name_of(from)), from.span);
    return;
  }
  for (auto& entry : from.entries) {
    if (frame.seen.try_emplace(entry.key.value, entry.key.span).second) frame.grown.node.entries.push_back(std::move(entry));
  }
}

void Tree::count(std::size_t nodes, const source::Span& span) {
  nodes_ += nodes;
  if (nodes_ <= limits_.nodes) return;
  complain("Y004", fmt::format("more than {} values, aliases counted with all that they stand for", limits_.nodes), span);
  throw Abandoned{};
}

void Tree::check_depth(int height, const source::Span& span) {
  if (static_cast<int>(stack_.size()) + height <= limits_.depth) return;
  complain("Y004", fmt::format("nested more than {} levels deep", limits_.depth), span);
  throw Abandoned{};
}

void Tree::check_tag(const Event& event) {
  constexpr std::array<std::string_view, 7> known = {"str", "int", "float", "bool", "null", "map", "seq"};
  auto tag = event.tag;
  if (tag.empty() || tag == "?" || tag == "!") return;
  if (tag.starts_with(standard)) tag.remove_prefix(standard.size());
  if (tag.size() < event.tag.size() && std::find(known.begin(), known.end(), tag) != known.end()) return;
  complain("Y001", fmt::format("the tag `{}` means nothing here", event.tag), places_.at(event.at)).help =
      "remove it, or quote a text that begins with `!`";
}

// yaml-cpp takes some tabs for blanks and trips over others far from them; YAML allows none, and editors show them at any width.
void Tree::check_tab(std::size_t at) {
  if (!stack_.empty() && stack_.back().flow) return;
  const auto tab = tab_before(file_.text, at);
  if (tab == std::string_view::npos) return;
  complain("Y001", "a tab in the indentation", places_.at(tab)).help = "indent with blanks";
  throw Abandoned{};
}

source::Diagnostic& Tree::complain(const char* code, std::string message, const source::Span& span) {
  const std::string_view name = code;
  broken_ = broken_ || name == "Y001" || name == "Y004";
  if (++complaints_ > most_complaints) throw Abandoned{};
  return diagnostics_.error(code, std::move(message), span);
}

std::optional<source::Span> Tree::open_bracket() const {
  const auto open = std::find_if(stack_.rbegin(), stack_.rend(), [&](const Frame& frame) { return frame.bracket; });
  if (open == stack_.rend()) return std::nullopt;
  return open->grown.node.span;
}

Node Tree::take_root() {
  if (!broken_ && root_) return std::move(*root_);
  Node nothing;
  nothing.span = places_.at(places_.begin());
  return nothing;
}

}  // namespace tidelab::yaml
