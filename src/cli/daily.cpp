#include "cli/daily.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "source/cells.hpp"
#include "source/paint.hpp"
#include "step/match.hpp"

namespace tidelab::cli {

namespace {

constexpr auto patience = std::chrono::seconds(3);
constexpr std::size_t longest_said = 300;

double now_ms() { return std::chrono::duration<double, std::milli>(std::chrono::system_clock::now().time_since_epoch()).count(); }

// Numbers come as such or as texts of digits. A clock that is behind makes nothing negative.
std::optional<double> age_of(const step::Answer& answer, const plan::Shown::Age& age, double now) {
  const auto text = step::value_at(answer, age.pointer);
  if (!text) return std::nullopt;
  long long number = 0;
  const auto* end = text->data() + text->size();
  const auto [read, problem] = std::from_chars(text->data(), end, number);
  if (problem != std::errc() || read != end || number <= 0) return std::nullopt;
  return std::max(0.0, (now - static_cast<double>(number) / static_cast<double>(age.per_ms)) / 1000.0);
}

std::string told_of(const Fare& fare) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  for (const auto& [name, value] : fare.says) add(name + " " + value);
  for (const auto& [name, seconds] : fare.ages) add(fmt::format("{} {} ago", name, duration_text(seconds)));
  return out;
}

const char* mark_of(const Fare& fare) { return !fare.good ? "?" : *fare.good ? "✓" : "✗"; }

// The marks at the beginning of lines, which are measured without escape sequences.
std::string coloured(const std::string& text) {
  constexpr std::pair<std::string_view, const char*> colours[] = {{"✓ ", "32"}, {"✗ ", "31"}, {"? ", "33"}};
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    const auto* colour =
        std::find_if(std::begin(colours), std::end(colours), [&](const auto& each) { return line.starts_with(each.first); });
    if (colour == std::end(colours)) {
      out += line;
      continue;
    }
    const auto mark = colour->first.substr(0, colour->first.size() - 1);
    out += source::painted(mark, colour->second) + std::string(line.substr(mark.size()));
  }
  return out;
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.0f} h", seconds / 3600);
}

Fare judge(const plan::Shown& shown, const step::Result<step::Answer>& answer, double now_ms) {
  Fare out{{}, shown.title, {}, {}, {}, {}, {}};
  if (!answer) {
    // Who refuses or is silent on its own port is not as it must be; only what keeps us from asking leaves that open.
    const auto& why = answer.error();
    const bool asked = why.why != step::Why::unreachable && why.why != step::Why::interrupted;
    if (asked) out.good = false;
    out.state = why.why == step::Why::differs ? "not as asked" : asked ? "no answer" : "unknown";
    const auto differs = why.expected.empty() ? std::string() : fmt::format(": {} must hold, and it is {}", why.expected, why.actual);
    out.problem = source::printable(why.what + differs, longest_said);
    return out;
  }
  if (answer->text() == "null") {
    out.good = false;
    out.state = shown.missing.empty() ? "is not there" : shown.missing;
    return out;
  }
  const auto wrong = step::mismatch(*answer, shown.good);
  out.good = !wrong;
  out.state = source::printable(step::value_at(*answer, shown.state).value_or(""), longest_said);
  if (out.state.empty() || shown.state.empty()) out.state = wrong ? "not as asked" : "as asked";
  for (const auto& [name, pointer] : shown.says)
    if (const auto value = step::value_at(*answer, pointer); value && !value->empty() && *value != "null")
      out.says.emplace_back(name, source::printable(*value, longest_said));
  for (const auto& age : shown.ages)
    if (const auto seconds = age_of(*answer, age, now_ms)) out.ages.emplace_back(age.name, *seconds);
  return out;
}

std::vector<Fare> ask_how_it_fares(const plan::Plan& plan, live::Setup& setup, const std::vector<std::string>& nodes,
                                   const std::stop_token& stop) {
  std::vector<live::Question> questions;
  std::vector<std::pair<const plan::Component*, const plan::Shown*>> about;
  for (const auto& component : plan.components) {
    if (!plan::means_any(plan, component, nodes)) continue;
    for (const auto& shown : component.shows) {
      questions.push_back({shown.ask, shown.lane, component.name});
      about.emplace_back(&component, &shown);
    }
  }
  std::vector<Fare> out;
  if (questions.empty()) return out;
  const auto answers = live::ask_once(plan, setup, questions, {step::Clock::now() + patience, stop, {}});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    out.push_back(judge(*about[i].second, answers[i], now_ms()));
    out.back().of = about[i].first->node;
    for (auto* text : {&out.back().state, &out.back().problem}) *text = plan::mask(*text, plan.secrets);
    for (auto& [name, value] : out.back().says) value = plan::mask(value, plan.secrets);
  }
  return out;
}

std::string render_fares(const std::vector<Fare>& fares, bool colour, std::size_t columns) {
  std::string out, of;
  for (std::size_t at = 0; at < fares.size();) {
    const auto end =
        std::find_if(fares.begin() + static_cast<long>(at), fares.end(), [&](const Fare& each) { return each.of != fares[at].of; });
    std::vector<Line> lines;
    for (; fares.begin() + static_cast<long>(at) != end; ++at) {
      const auto& fare = fares[at];
      lines.push_back({{mark_of(fare), fare.title, fare.state, told_of(fare)}, {}});
      if (!fare.problem.empty()) lines.back().below.push_back(fare.problem);
      of = fare.of;
    }
    out += fmt::format("\n{}\n", of);
    auto table = render_table({{""}, {""}, {""}, {"", 1}}, lines, columns);
    out += table.substr(table.find('\n') + 1);  // its head says nothing
  }
  return colour ? coloured(out) : out;
}

Lines what_to_open(const plan::Plan& plan, const std::stop_token& stop) {
  // No host is asked, so none is reached: whoever may have to be asked for a password is not.
  live::Setup setup;
  for (std::size_t lane = 0; lane < plan.lanes.size(); ++lane) {
    setup.hosts.push_back(host::make_local());
    setup.users.emplace_back();
    setup.of_user.push_back(false);
  }
  std::vector<live::Question> questions;
  for (const auto& component : plan.components)
    for (const auto& each : component.opens)
      if (each.when) questions.push_back({*each.when, 0, component.name});
  std::vector<step::Result<step::Answer>> answers;
  if (!questions.empty()) answers = live::ask_once(plan, setup, questions, {step::Clock::now() + patience, stop, {}});
  Lines out;
  std::set<std::pair<std::string, std::string>> given;
  std::size_t at = 0;
  for (const auto& component : plan.components)
    for (const auto& each : component.opens) {
      const bool there = !each.when || answers[at++].has_value();
      // What spans hosts has a name of its own, so each instance of it is one more.
      const auto kind = component.lane == 0 ? component.name : component.section;
      if (there && given.insert({kind, each.title}).second) out.emplace_back(each.title, plan::mask(each.line, plan.secrets));
    }
  return out;
}

std::string render_lines(const Lines& lines, std::size_t columns) {
  std::size_t width = 0, longest = 0;
  for (const auto& [title, line] : lines) width = std::max(width, cells(title)), longest = std::max(longest, cells(line));
  const bool beside = columns == 0 || 2 + width + 2 + longest <= columns;
  std::string out;
  for (const auto& [title, line] : lines)
    out += beside ? fmt::format("  {}{}  {}\n", title, std::string(width - cells(title), ' '), line)
                  : fmt::format("  {}\n    {}\n", title, line);
  return out;
}

}  // namespace tidelab::cli
