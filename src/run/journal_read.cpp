// JSON lines back as events. Unknown fields are taken as written by a newer program and missing ones as by an
// older one; but a field of the wrong kind, or no identity at all, means that the line is not ours.
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "run/journal.hpp"
#include "step/json_bounds.hpp"

namespace tidelab::run {
namespace {

using Value = nlohmann::json;

// The first line names all steps, some hundred bytes each; the largest plan that was ever measured has 61,250 of them.
constexpr step::JsonBounds most_of_a_line{std::size_t{32} << 20, std::size_t{2} << 20, 32};

constexpr Outcome outcomes[] = {Outcome::held, Outcome::made, Outcome::failed, Outcome::blocked, Outcome::interrupted};
// Some thirty years: no time of a run, and what is made of times cannot overflow.
constexpr std::int64_t most_microseconds = 1'000'000'000'000'000;

constexpr step::Why whys[] = {step::Why::differs,     step::Why::refused, step::Why::timed_out,
                              step::Why::unreachable, step::Why::failed,  step::Why::interrupted};

/// Takes fields out of one object and remembers whether anything was of the wrong kind.
class Reader {
public:
  explicit Reader(const Value& object) : object_(object), good_(object.is_object()) {}

  bool good() const { return good_; }
  void spoil() { good_ = false; }

  /// The field, or nullptr when it is not there or null.
  const Value* find(const char* key) const {
    if (!object_.is_object()) return nullptr;
    const auto at = object_.find(key);
    return at == object_.end() || at->is_null() ? nullptr : &*at;
  }

  /// Fields without which an event says nothing.
  void need(std::initializer_list<const char*> keys) {
    for (const char* key : keys) good_ = good_ && find(key) != nullptr;
  }

  void take(const char* key, std::string& into) {
    if (const Value* value = find(key)) take(*value, into);
  }
  void take(const char* key, bool& into) {
    const Value* value = find(key);
    if (value == nullptr) return;
    if (value->is_boolean())
      into = value->get<bool>();
    else
      spoil();
  }
  template <class Number>
  void take_number(const char* key, Number& into) {
    if (const Value* value = find(key)) take(*value, into);
  }
  void take(const char* key, microseconds& into) {
    std::int64_t count = into.count();
    take_number(key, count);
    if (count < -most_microseconds || count > most_microseconds) return spoil();
    into = microseconds(count);
  }
  template <class T>
  void take_list(const char* key, std::vector<T>& into) {
    if (const Value* value = find(key)) take(*value, into);
  }
  template <class T>
  void take_part(const char* key, std::optional<T>& into) {
    if (const Value* value = find(key)) take(*value, into.emplace());
  }

private:
  void take(const Value& value, std::string& into) {
    if (value.is_string())
      into = value.get<std::string>();
    else
      spoil();
  }
  template <class T>
  void take(const Value& value, std::vector<T>& into) {
    if (!value.is_array()) return spoil();
    for (const Value& item : value) take(item, into.emplace_back());
  }
  template <class Number>
  void take(const Value& value, Number& into) {
    // Checked by hand: get<int>() would cut a number that does not fit without a word.
    if (!value.is_number_integer()) return spoil();
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int64_t>::max())) return spoil();
    const auto number = value.get<std::int64_t>();
    if (!std::in_range<Number>(number)) return spoil();
    into = static_cast<Number>(number);
  }
  void take(const Value& value, ComponentLine& into);
  void take(const Value& value, StepLine& into);
  void take(const Value& value, plan::Hop& into);
  void take(const Value& value, step::Failure& into);

  const Value& object_;
  bool good_;
};

void Reader::take(const Value& value, ComponentLine& into) {
  Reader part(value);
  part.take("name", into.name);
  part.take("node", into.node);
  part.take("title", into.title);
  part.take("version", into.version);
  part.take("host", into.host);
  part.take("jre", into.jre);
  part.take("source", into.source);
  part.take("section", into.section);
  part.take("serves_with", into.serves_with);
  part.take_list("needs", into.needs);
  part.take("written", into.written);
  part.take("lost", into.lost);
  good_ = good_ && part.good();
}

void Reader::take(const Value& value, plan::Hop& into) {
  Reader part(value);
  part.take("check", into.check);
  part.take("group", into.group);
  part.take("place", into.place);
  part.take("title", into.title);
  part.take("look_at", into.look_at);
  part.take_number("since", into.since);
  part.take("travels", into.travels);
  part.take_list("about", into.about);
  part.take("drift", into.drift);
  part.take("warns", into.warns);
  part.take("heal", into.heal);
  good_ = good_ && part.good();
}

void Reader::take(const Value& value, StepLine& into) {
  Reader part(value);
  part.need({"id"});
  part.take_number("id", into.id);
  part.take("title", into.title);
  part.take_number("lane", into.lane);
  part.take_number("component", into.component);
  part.take("origin", into.origin);
  part.take("changes", into.changes);
  part.take_part("hop", into.hop);
  part.take_list("blocked_by", into.blocked_by);
  part.take_list("gates", into.gates);
  good_ = good_ && part.good();
}

/// Looks a word up among the values of an enum by their names.
template <class Enum, std::size_t N>
bool take_word(const Enum (&values)[N], const std::string& word, Enum& into) {
  for (const Enum value : values) {
    if (word != name_of(value)) continue;
    into = value;
    return true;
  }
  return false;
}

void Reader::take(const Value& value, step::Failure& into) {
  Reader part(value);
  std::string why;
  part.need({"why"});
  part.take("why", why);
  if (!take_word(whys, why, into.why)) part.spoil();
  part.take("what", into.what);
  part.take("evidence", into.evidence);
  part.take("expected", into.expected);
  part.take("actual", into.actual);
  part.take("help", into.help);
  good_ = good_ && part.good();
}

void fill(Reader& from, Opened& into) {
  from.need({"command", "steps"});
  from.take("command", into.command);
  from.take("lab", into.lab);
  from.take("topology", into.topology);
  from.take("program", into.program);
  from.take("when", into.when);
  from.take_list("lanes", into.lanes);
  from.take_list("components", into.components);
  from.take_list("steps", into.steps);
  from.take_list("notes", into.notes);
  from.take_list("gates", into.gates);
  from.take("strict", into.strict);
}

void fill(Reader& from, Warned& into) {
  from.need({"host", "check", "result"});
  from.take("host", into.host);
  from.take("check", into.check);
  from.take("result", into.result);
  from.take("found", into.found);
  from.take("fix", into.fix);
  from.take("evidence", into.evidence);
}

void fill(Reader& from, Started& into) {
  from.need({"step"});
  from.take_number("step", into.step);
}

void fill(Reader& from, Said& into) {
  from.take_number("step", into.step);
  from.take("text", into.text);
}

void fill(Reader& from, Ended& into) {
  std::string outcome;
  from.need({"step", "outcome"});
  from.take_number("step", into.step);
  from.take("outcome", outcome);
  if (!take_word(outcomes, outcome, into.outcome)) from.spoil();
  from.take("note", into.note);
  from.take("observed_us", into.observed);
  from.take_part("failure", into.failure);
  from.take_list("blocked_by", into.blocked_by);
  from.take("restarted", into.restarted);
}

void fill(Reader& from, Evidence& into) {
  from.take_number("component", into.component);
  from.take("title", into.title);
  from.take("text", into.text);
  from.take_number("step", into.step);
  from.take("words", into.words);
  from.take("state", into.state);
}

void fill(Reader& from, Closed& into) {
  from.take("interrupted", into.interrupted);
  from.take_number("remote_commands", into.remote_commands);
  from.take_number("connections", into.connections);
  from.take_number("bytes_sent", into.bytes_sent);
}

template <class T>
void fill(Reader& from, Event& into) {
  fill(from, into.what.emplace<T>());
}

bool fill_named(const std::string& name, Reader& from, Event& into) {
  if (name == "opened") return fill<Opened>(from, into), true;
  if (name == "warned") return fill<Warned>(from, into), true;
  if (name == "started") return fill<Started>(from, into), true;
  if (name == "said") return fill<Said>(from, into), true;
  if (name == "ended") return fill<Ended>(from, into), true;
  if (name == "evidence") return fill<Evidence>(from, into), true;
  if (name == "closed") return fill<Closed>(from, into), true;
  return false;
}

}  // namespace

std::optional<Event> parse_line(const std::string& line) {
  if (!step::beyond(line, most_of_a_line).empty()) return std::nullopt;
  const Value json = Value::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;  // also what could not be parsed
  Reader reader(json);
  Event event;
  std::string name;
  reader.need({"at_us", "event"});
  reader.take("at_us", event.at);
  reader.take("event", name);
  if (!reader.good() || !fill_named(name, reader, event) || !reader.good()) return std::nullopt;
  return event;
}

}  // namespace tidelab::run
