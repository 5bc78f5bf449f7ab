// Actions as text for people.
#include <fmt/format.h>

#include "step/describe.hpp"

namespace tidelab::step {

namespace {

std::string joined(const Texts& argv) {
  std::string out;
  for (const auto& each : argv) out += (out.empty() ? "" : " ") + each.value;
  return out;
}

std::string first(const std::vector<Step>& steps) { return steps.empty() ? std::string("nothing") : render_action(steps.front().action); }

std::string asked(std::string what, const Asking& ask) {
  if (!ask.expect.empty()) what += fmt::format(" ({})", render_match(ask.expect));
  return what;
}

std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == '\n' || c == ' ' || c == '\t';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  constexpr std::size_t most = 100;
  if (out.size() > most) {
    auto cut = most;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a character
    out = out.substr(0, cut) + "…";
  }
  return out;
}

// A list or a value, in the flow style that a person would write for something short.
struct FieldPrinter {
  std::string& out;
  int indent;

  void line(std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("{:{}}{}: {}\n", "", indent, name, value);
  }
  static std::string quoted(const std::string& text) { return json_string(text); }
  void operator()(std::string_view name, const Text& text, Use) {
    if (!text.empty()) line(name, text.value.find('\n') == std::string::npos ? text.value : quoted(text.value));
  }
  void operator()(std::string_view name, const Texts& list, Use) {
    std::string all;
    for (const auto& each : list) all += (all.empty() ? "" : ", ") + quoted(each.value);
    if (!all.empty()) line(name, "[" + all + "]");
  }
  void operator()(std::string_view name, const Pairs& pairs, Use) {
    if (pairs.empty()) return;
    out += fmt::format("{:{}}{}:\n", "", indent, name);
    for (const auto& [key, value] : pairs) out += fmt::format("{:{}}{}: {}\n", "", indent + 2, key.value, quoted(value.value));
  }
  void operator()(std::string_view name, const Match& match, Use) { line(name, render_match(match)); }
  void operator()(std::string_view name, const Pick& pick, Use) {
    if (pick.used) line(name, fmt::format("from {} where {}", pick.from.value.empty() ? "/" : pick.from.value, render_match(pick.where)));
  }
  void operator()(std::string_view name, const Takes& takes, Use) {
    std::string all;
    for (const auto& each : takes)
      all += fmt::format("{}{} = {}{}", all.empty() ? "" : ", ", each.name.value, each.pointer.value,
                         each.last.empty() ? "" : ", the last line that matches " + each.last.value);
    line(name, all);
  }
  void operator()(std::string_view name, const Settings& settings, Use) {
    if (settings.empty()) return;
    out += fmt::format("{:{}}{}:\n", "", indent, name);
    for (const auto& each : settings) {
      std::string values;
      for (const auto& value : each.values) values += (values.empty() ? "" : ", ") + value.value;
      out += fmt::format("{:{}}{}: {}\n", "", indent + 2, each.key.value, values);
    }
  }
  void operator()(std::string_view name, const Duration& duration, Use) {
    if (duration.value.count() > 0) line(name, fmt::format("{}ms", duration.value.count()));
  }
  void operator()(std::string_view name, const std::vector<Step>& steps, Use) {
    if (steps.empty()) return;
    out += fmt::format("{:{}}{}:\n", "", indent, name);
    for (const auto& each : steps) {
      out += fmt::format("{:{}}- {}:\n", "", indent + 2,
                         std::visit([](const auto& w) { return name_of_word<std::decay_t<decltype(w)>>(); }, each.action));
      out += render_fields(each.action, indent + 6);
    }
  }
};

}  // namespace

std::string render_action(const Action& action) {
  return std::visit(
      overloaded{
          [](const Dir& w) { return "dir " + w.path.value; },
          [](const File& w) { return "file " + w.path.value; },
          [](const Config& w) { return "config " + w.path.value; },
          [](const Line& w) { return fmt::format("line \"{}\" in {}", one_line(w.line.value), w.path.value); },
          [](const Unpack& w) { return fmt::format("unpack {} into {}", w.artifact.value, w.into.value); },
          [](const Place& w) { return fmt::format("place {} at {}", w.artifact.value, w.path.value); },
          [](const Service& w) { return "service " + w.name.value; },
          [](const Halt& w) { return "stop service " + w.name.value; },
          [](const Sweep& w) {
            std::string kept;
            for (const auto& each : w.keep) kept += (kept.empty() ? " but " : ", ") + each.value;
            if (!w.services.empty()) return fmt::format("remove what is only of {}{}", joined(w.services), kept);
            if (!w.paths.empty()) return fmt::format("remove {}{}", joined(w.paths), kept);
            return "remove what tidelab made" + kept;
          },
          [](const User& w) { return "user " + w.name.value; },
          [](const Tcp& w) { return asked("tcp " + w.address.value, w.ask); },
          [](const Http& w) { return asked(fmt::format("http {} {}", w.method.empty() ? "GET" : w.method.value, w.url.value), w.ask); },
          [](const Sql& w) {
            return asked(fmt::format("sql {} {}", w.address.value, w.statements.empty() ? "" : one_line(w.statements.back().value)), w.ask);
          },
          [](const Exec& w) { return asked("exec " + one_line(joined(w.argv)), w.ask); },
          [](const Topic& w) { return fmt::format("topic {}{}", w.name.value, w.state.value == "absent" ? " is gone" : ""); },
          [](const Process& w) { return asked("process " + w.name.value, w.ask); },
          [](const Brokers& w) { return asked("brokers at " + w.bootstrap.value, w.ask); },
          [](const Ask& w) { return asked(fmt::format("ask {} for {}", w.of.value, w.what.value), w.ask); },
          [](const Every& w) { return fmt::format("of every one in {}: {}", first(w.of), first(w.that)); },
          [](const Produce& w) { return "produce to " + w.topic.value; },
          [](const Wait& w) { return "wait for " + first(w.on); },
          [](const Ensure& w) { return "ensure " + first(w.look); },
          [](const Refute& w) { return "not yet: " + first(w.on); },
          [](const Consume& w) { return "consume topic " + w.topic.value; },
          [](const Follow& w) { return "follow " + one_line(joined(w.argv)); },
          [](const Page& w) { return "page through " + w.url.value; },
          [](const Arm& w) { return fmt::format("watch {}: {}", w.as.value, first(w.observe)); },
          [](const Absent& w) {
            const auto how_often = w.most.empty() ? std::string("nothing") : "at most " + w.most.value;
            return fmt::format("{} in {} with {}", how_often, w.in.value, render_match(w.find));
          },
          [](const Seen& w) { return fmt::format("seen in {}: {}", w.in.value, render_match(w.find)); },
      },
      action);
}

std::string render_fields(const Action& action, int indent) {
  std::string out;
  FieldPrinter printer{out, indent};
  std::visit([&](const auto& word) { fields(word, printer); }, action);
  return out;
}

std::chrono::milliseconds default_within(const Action& action) {
  using std::chrono::seconds;
  const auto stated = [](const auto& w) -> std::chrono::milliseconds {
    if constexpr (requires { w.within; })
      return w.within.value.count() > 0 ? w.within.value : w.facts.within;
    else
      return w.facts.within;
  };
  return std::visit(overloaded{
                        [&](const Halt& w) { return stated(w) + seconds(15); },
                        // Its configuration is looked at, it is stopped, and it is started.
                        [](const Service& w) {
                          const auto stop = w.stop_within.value.count() > 0 ? w.stop_within.value : w.facts.within;
                          return stop + seconds(w.check.empty() ? 45 : 105);
                        },
                        stated,
                    },
                    action);
}

}  // namespace tidelab::step
