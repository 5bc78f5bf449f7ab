// Private to yaml: puts a parser's events together into a Document, with anchors, merge keys and limits.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/diagnostic.hpp"
#include "yaml/document.hpp"
#include "yaml/place.hpp"
#include "yaml/token.hpp"

namespace tidelab::yaml {

/// Thrown by Tree through the parser when there is no sense in reading on (a limit is exceeded, say). Its diagnostic is already made.
struct Abandoned {};

/// What an event says about a value.
struct Event {
  std::size_t at = 0;         ///< byte offset in the file
  std::size_t anchor = 0;     ///< 0: none
  std::string_view tag = {};  ///< as resolved by the parser
};

/// Takes the events of one document in their order. A value that an alias stands for is a copy,
/// counted before it is made: otherwise nine lines of text could ask for gigabytes.
class Tree {
public:
  Tree(const source::File& file, const Places& places, source::Diagnostics& diagnostics, const Limits& limits);

  void add_null(const Event& event);
  void add_scalar(const Event& event, const std::string& value);
  void add_alias(const Event& event);
  void start_mapping(const Event& event, bool flow) { start(Kind::mapping, event, flow); }
  void start_sequence(const Event& event, bool flow) { start(Kind::sequence, event, flow); }
  void end();

  /// Behind the last scalar that was read.
  std::size_t reached() const { return reached_; }

  /// The bracket or brace that is open where the text broke off, if one is.
  std::optional<source::Span> open_bracket() const;

  /// The document, or a null when its text is broken.
  Node take_root();

private:
  /// A finished value with what its copies will cost.
  struct Grown {
    Node node;
    std::size_t nodes = 1;
    int height = 0;
    std::size_t end = 0;  ///< where its text ends, if it is a scalar or an alias
  };

  /// A mapping or sequence that is being read.
  struct Frame {
    Grown grown;
    std::size_t anchor = 0;
    bool flow = false;
    bool bracket = false;  ///< not so for the mapping of `[a: 1]`, which has none of its own
    bool has_key = false;  ///< the next value belongs to `key`
    bool merging = false;  ///< … which is `<<`
    bool skip = false;     ///< … but is dropped, because the key is refused
    source::Text key;
    std::size_t key_end = 0;
    std::map<std::string, source::Span, std::less<>> seen;
    std::vector<Node> merges;  ///< the values of `<<`
  };

  void start(Kind kind, const Event& event, bool flow);
  void add(Grown grown, std::size_t anchor, bool is_merge_key);
  void add_key(Frame& frame, Grown grown, bool is_merge_key);
  void add_entry(Frame& frame, Node value);
  void merge(Frame& frame);
  void merge_one(Frame& frame, Node& from);
  std::size_t place_of_nothing(const Event& event) const;
  bool at_key() const { return !stack_.empty() && stack_.back().grown.node.is_mapping() && !stack_.back().has_key; }
  void count(std::size_t nodes, const source::Span& span);
  void check_depth(int height, const source::Span& span);
  void check_tag(const Event& event);
  void check_tab(std::size_t at);
  source::Diagnostic& complain(const char* code, std::string message, const source::Span& span);

  const source::File& file_;
  const Places& places_;
  source::Diagnostics& diagnostics_;
  const Limits& limits_;
  std::optional<Node> root_;
  std::vector<Frame> stack_;
  std::map<std::size_t, Grown> anchors_;
  std::size_t nodes_ = 0;
  std::size_t reached_ = 0;
  int complaints_ = 0;
  bool broken_ = false;
};

}  // namespace tidelab::yaml
