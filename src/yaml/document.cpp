// Reads a document with yaml-cpp's events. Its own Node is of no use here: it takes duplicate keys in
// silence and knows the places of values only roughly.
#include "yaml/document.hpp"

#include <algorithm>
#include <istream>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "yaml/look_alikes.hpp"
#include "yaml/place.hpp"
#include "yaml/syntax.hpp"
#include "yaml/token.hpp"
#include "yaml/tree.hpp"

namespace tidelab::yaml {

namespace {

/// Thrown through the parser at the beginning of a second document.
struct SecondDocument {
  std::size_t at = 0;
};

/// Thrown through the parser when it has read far ahead of its last event.
struct TooFar {};

/// The text as a stream, in pieces. A bracket may begin a key, so the parser keeps all tokens up to the closing one before
/// its first event: eight megabytes of brackets would become two gigabytes of tokens.
class Feed : public std::streambuf {
public:
  Feed(std::string_view text, std::size_t ahead) : text_(text), ahead_(ahead) {}
  void seen(std::size_t at) { seen_ = at; }

private:
  int_type underflow() override {
    if (given_ == text_.size()) return traits_type::eof();
    if (given_ > seen_ + ahead_) throw TooFar{};
    constexpr std::size_t piece = 16384;
    auto* from = const_cast<char*>(text_.data()) + given_;  // a get area is not const, and nobody writes to it
    given_ = std::min(given_ + piece, text_.size());
    setg(from, from, const_cast<char*>(text_.data()) + given_);
    return traits_type::to_int_type(*from);
  }

  std::string_view text_;
  std::size_t ahead_;
  std::size_t given_ = 0;
  std::size_t seen_ = 0;  ///< where the last event was
};

/// Hands the parser's events to the tree. The parser recurses with the depth of the text, and stays shallow
/// only because each level is an event first, and the tree throws at its limit.
class Handler : public YAML::EventHandler {
public:
  Handler(Tree& tree, Feed& feed, std::size_t begin) : tree_(tree), feed_(feed), begin_(begin) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw SecondDocument{offset(mark)};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { tree_.add_null(event(mark, anchor, {})); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { tree_.add_alias(event(mark, anchor, {})); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    tree_.add_scalar(event(mark, anchor, tag), value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style) override {
    tree_.start_sequence(event(mark, anchor, tag), style == YAML::EmitterStyle::Flow);
  }
  void OnSequenceEnd() override { tree_.end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style) override {
    tree_.start_mapping(event(mark, anchor, tag), style == YAML::EmitterStyle::Flow);
  }
  void OnMapEnd() override { tree_.end(); }

  std::size_t offset(const YAML::Mark& mark) const { return begin_ + static_cast<std::size_t>(std::max(0, mark.pos)); }

private:
  Event event(const YAML::Mark& mark, YAML::anchor_t anchor, std::string_view tag) {
    const auto at = offset(mark);
    feed_.seen(at - begin_);
    return {at, anchor, tag};
  }

  Tree& tree_;
  Feed& feed_;
  std::size_t begin_;
  int documents_ = 0;
};

/// What stands between the reader and a whole document.
enum class Outcome { whole, broken };

void complain_second(const source::File& file, const Places& places, std::size_t at, source::Diagnostics& diagnostics, Outcome& outcome) {
  const auto rest = std::string_view(file.text).substr(std::min(at, file.text.size()));
  if (rest.starts_with("---") || rest.starts_with("%")) {
    diagnostics.error("Y003", "a second document in one file", places.span(at, at + 3)).help = "put it into a file of its own";
    return;
  }
  // yaml-cpp begins a new document, without a word, where a line is indented less than the first.
  outcome = Outcome::broken;
  diagnostics.error("Y001", "this does not belong to what is above it", places.at(at)).help =
      "indent the line like those above; a file is one list or one mapping";
}

Outcome parse(const source::File& file, const Places& places, Tree& tree, source::Diagnostics& diagnostics, const Limits& limits) {
  auto outcome = Outcome::whole;
  Feed feed(std::string_view(file.text).substr(places.begin()), limits.ahead);
  Handler handler(tree, feed, places.begin());
  try {
    std::istream stream(&feed);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const SecondDocument& second) {
    complain_second(file, places, second.at, diagnostics, outcome);
  } catch (const Abandoned&) {
    outcome = Outcome::broken;
  } catch (const TooFar&) {
    outcome = Outcome::broken;
    diagnostics
        .error("Y004", fmt::format("more than {} bytes behind the last value, and no other one ends", limits.ahead),
               places.at(tree.reached()))
        .help = "close the bracket or the quote; write long lists with dashes, an item on each line";
  } catch (const YAML::Exception& e) {
    outcome = Outcome::broken;
    auto fault = make_fault(file.text, handler.offset(e.mark), e.msg);
    if (fault.message.find("never closed") != std::string::npos) {  // the parser noticed at the end of the file
      fault.at = std::min(fault.at, find_open_quote(file.text, tree.reached()));
    }
    auto& made = diagnostics.error("Y001", fault.message, places.at(fault.at));
    made.help = fault.help;
    const auto open = tree.open_bracket();
    if (open && fault.message.find("not closed") != std::string::npos) made.notes.push_back({"opened", *open});
  }
  return outcome;
}

Node read(const source::File& file, const Places& places, source::Diagnostics& diagnostics, const Limits& limits) {
  Tree tree(file, places, diagnostics, limits);
  if (parse(file, places, tree, diagnostics, limits) == Outcome::whole) return tree.take_root();
  Node nothing;
  nothing.span = places.at(places.begin());
  return nothing;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key.value == key; });
  return found == entries.end() ? nullptr : &found->value;
}

Node read_document(const source::File& file, source::Diagnostics& diagnostics, const Limits& limits) {
  Node nothing;
  nothing.span = {&file, 1, 1, 1};
  if (file.text.size() > limits.bytes) {
    diagnostics.error("Y004", fmt::format("the file is larger than {} bytes", limits.bytes), {&file, 0, 0, 0}).help =
        "a topology of ten thousand instances has one megabyte; is this the right file?";
    return nothing;
  }
  const Places places(file);
  if (!check_bytes(file, places, diagnostics)) return nothing;
  const auto meant = replace_look_alikes(file, places, diagnostics);
  if (!meant) return nothing;
  if (meant->empty()) return read(file, places, diagnostics, limits);
  const source::File as_meant{file.name, *meant};
  return read(as_meant, Places(as_meant, file), diagnostics, limits);
}

}  // namespace tidelab::yaml
