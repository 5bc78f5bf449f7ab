// `tidelab status`: who runs where, on which JRE, from which source, and whether it serves: one look at each host, and the
// questions that `up` waits for.
#include <unistd.h>

#include <iostream>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/daily.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "run/journal.hpp"
#include "source/cells.hpp"
#include "step/thread.hpp"

namespace tidelab::cli {

namespace {

using nlohmann::ordered_json;

// Which source each component came from, as the last `up` acquired it.
std::map<std::string, std::string> sources_of(const std::string& lab) {
  std::map<std::string, std::string> out;
  const auto dir = lab::open_record_dir(lab);
  if (!dir || !*dir) return out;
  const auto journal = (*dir)->read(journal_of("up"), most_of_a_journal);
  if (!journal) return out;
  const auto event = run::parse_line(journal->substr(0, journal->find('\n')));
  if (!event) return out;
  if (const auto* opened = std::get_if<run::Opened>(&event->what))
    for (const auto& each : opened->components) out[each.name] = each.source;
  return out;
}

/// Of one instance: whether it serves, as its own protocol says; null where nobody could be asked, or nothing is asked.
struct Served {
  std::optional<bool> ready;
  std::string problem;
  std::optional<std::string> leads;  ///< what it is in its group: "leader"; empty: another one is; null: nobody could be asked
};

// By component, the questions that hold of who leads.
std::map<int, const std::vector<plan::Step>*> who_may_lead(const plan::Plan& plan) {
  std::map<int, const std::vector<plan::Step>*> out;
  for (const auto& group : plan.groups)
    for (const auto& member : group.members)
      if (!member.leads.empty()) out[member.component] = &member.leads;
  return out;
}

std::optional<std::string> ask_who_leads(const std::vector<plan::Step>& questions, run::Effects& effects, const step::Control& control) {
  for (const auto& each : questions)
    if (const auto done = effects.perform(each, control); !done)
      return done.error().why == step::Why::differs ? std::optional(std::string()) : std::nullopt;
  return questions.front().title;
}

// What `up` waits for, asked once; instances side by side.
std::vector<Served> ask_protocols(const plan::Plan& plan, run::Effects& effects, const std::set<int>& down, const std::stop_token& stop) {
  constexpr auto patience = std::chrono::seconds(3);
  std::vector<Served> out(plan.components.size());
  std::map<int, std::vector<const plan::Step*>> questions;
  for (const auto& step : plan.steps)
    if (std::holds_alternative<step::Wait>(step.action) && !down.contains(step.component)) questions[step.component].push_back(&step);
  const auto leading = who_may_lead(plan);
  std::vector<step::Thread> threads;
  for (const auto& [component, asked] : questions) {
    const auto at = static_cast<std::size_t>(component);
    const auto ask = [&, at, component = component, &steps = asked] {
      for (const auto* step : steps) {
        const auto done = effects.perform(*step, {step::Clock::now() + patience, stop, {}});
        out[at].ready = done.has_value();
        if (done) continue;
        out[at].problem = fmt::format("{}: {}", step->title, done.error().what);
        break;
      }
      if (const auto found = leading.find(component); found != leading.end() && out[at].ready == true)
        out[at].leads = ask_who_leads(*found->second, effects, {step::Clock::now() + patience, stop, {}});
    };
    threads.emplace_back(ask, [&one = out[at]](const step::Failure& why) { one = {false, why.what, {}}; });
  }
  return out;
}

ordered_json row_of(const plan::Plan& plan, const plan::Step& step, const step::Result<std::string>& told) {
  const auto& c = plan.components[static_cast<std::size_t>(step.component)];
  const auto state = told ? ordered_json::parse(*told, nullptr, false) : ordered_json();
  const bool running = state.is_object() && state.value("running", false);
  const auto known = [&](const char* name) { return running ? ordered_json(state.value(name, ordered_json())) : ordered_json(); };
  return {{"role", c.title},
          {"node", c.node},
          {"service", std::get<step::Process>(step.action).name.value},
          {"host", plan.lanes[static_cast<std::size_t>(c.lane)].name},
          {"ports", c.ports},
          {"state", state.is_object() ? state.value("state", ordered_json("unknown")) : ordered_json("unknown")},
          {"ready", nullptr},
          {"leads", nullptr},
          {"pid", known("pid")},
          {"up_seconds", known("up_seconds")},
          {"restarts", state.is_object() ? state.value("restarts", ordered_json(0)) : ordered_json()},
          {"rss_kb", known("rss_kb")},
          {"exe", known("exe")},
          {"version", c.version},
          {"jre", c.jre},
          {"dir", c.dir},
          {"data_dirs", c.data_dirs},
          {"log_dirs", c.log_dirs},
          {"log", c.log},
          {"problem", told ? ordered_json() : ordered_json(told.error().what)}};
}

constexpr std::size_t most_told = 1000;  // characters of what others say

std::string text_of(const ordered_json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

long long number_of(const ordered_json& value) { return value.is_number_integer() ? value.get<long long>() : 0; }

// `up` waits for every one of them, so only one that answers is ready.
std::string state_text(const ordered_json& row) {
  if (row["state"] != "running" || row["ready"].is_null()) return text_of(row["state"]);
  return row["ready"] == true ? "ready" : "not ready";
}

std::string ports_text(const ordered_json& row) {
  std::string out;
  for (const auto& port : row["ports"]) out += (out.empty() ? "" : ",") + port.dump();
  return out;
}

std::string head_of(const Lab& lab, const std::string& name, bool runs) {
  if (!lab.kept.empty())
    return fmt::format("lab {} (down; its {} still on the hosts)", name, lab.kept == "data" ? "data are" : lab.kept + " are");
  if (!lab.recorded && runs) return fmt::format("lab {} (another account, or one of another machine, brought it up)", name);
  if (!lab.recorded) return fmt::format("lab {} (not up)", name);
  return lab.state == "up" ? "lab " + name : fmt::format("lab {} ({})", name, lab.state);
}

// `groups`: whether there is anything to lead.
void print_table(const ordered_json& rows, bool groups, std::size_t columns) {
  std::vector<Line> lines;
  for (const auto& row : rows) {
    const bool running = row["state"] == "running";
    std::vector<std::string> cells{text_of(row["role"]),
                                   text_of(row["node"]),
                                   state_text(row),
                                   ports_text(row),
                                   running ? row["pid"].dump() : "–",
                                   running ? duration_text(static_cast<double>(number_of(row["up_seconds"]))) : "–",
                                   running ? std::to_string(number_of(row["rss_kb"]) / 1024) : "–",
                                   text_of(row["version"]),
                                   text_of(row["jre"]),
                                   text_of(row["source"])};
    if (groups) cells.insert(cells.begin() + 3, text_of(row["leads"]));
    lines.push_back({std::move(cells), {}});
    if (!row["problem"].is_null()) lines.back().below.push_back(source::printable(text_of(row["problem"]), most_told));
  }
  std::vector<Column> head{{"role", 1},
                           {"node"},
                           {"state"},
                           {"ports", 6, false, false},
                           {"pid", 7, false, true},
                           {"up", 2, false, true},
                           {"MB", 4, false, true},
                           {"version", 3},
                           {"jre", 5},
                           {"source", 8}};
  if (groups) head.insert(head.begin() + 3, {"leads", 1});
  std::cout << render_table(head, lines, columns);
}

ordered_json json_of(const Fare& fare) {
  auto says = ordered_json::object(), ages = ordered_json::object();
  for (const auto& [name, value] : fare.says) says[name] = value;
  for (const auto& [name, seconds] : fare.ages) ages[name] = seconds;
  return {{"of", fare.of},
          {"title", fare.title},
          {"state", fare.state},
          {"good", fare.good ? ordered_json(*fare.good) : ordered_json()},
          {"says", says},
          {"age_seconds", ages},
          {"problem", fare.problem.empty() ? ordered_json() : ordered_json(fare.problem)}};
}

struct Found {
  ordered_json rows = ordered_json::array();
  std::vector<Fare> fares;
  Lines next;
  bool runs = false;  ///< at least one of the services
};

void print_json(const Lab& lab, const std::string& name, const Found& found) {
  auto states = ordered_json::array(), next = ordered_json::array();
  for (const auto& each : found.fares) states.push_back(json_of(each));
  for (const auto& [title, line] : found.next) next.push_back({{"title", title}, {"line", line}});
  std::cout
      << ordered_json{{"lab", name},      {"recorded", lab.recorded}, {"state", lab.recorded ? ordered_json(lab.state) : ordered_json()},
                      {"kept", lab.kept}, {"nodes", found.rows},      {"states", states},
                      {"next", next}}
             .dump(2, ' ', false, ordered_json::error_handler_t::replace)
      << "\n";
}

void print_text(const Lab& lab, const std::string& name, const Found& found, bool groups, bool colour) {
  const auto columns = columns_of(STDOUT_FILENO);
  std::cout << head_of(lab, name, found.runs) << "\n\n";
  print_table(found.rows, groups, columns);
  std::cout << render_fares(found.fares, colour, columns);
  if (!found.next.empty()) std::cout << "\nnext\n" << render_lines(found.next, columns);
}

}  // namespace

int status(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_status(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto sources = sources_of(made.lab);
  auto setup = make_setup(made, *lab);
  live::look_at_services(made, setup, options.nodes, {step::Clock::now() + std::chrono::seconds(20), options.stop, {}});
  Found found;
  auto& rows = found.rows;
  std::set<int> down;
  std::vector<int> components;
  bool all = true, known = true;
  for (const auto& step : made.steps) {
    const auto* process = std::get_if<step::Process>(&step.action);
    if (process == nullptr || !plan::means_any(made, made.components[static_cast<std::size_t>(step.component)], options.nodes)) continue;
    const auto& told = setup.processes.at({step.lane, process->name.value});
    rows.push_back(row_of(made, step, told));
    components.push_back(step.component);
    const auto& c = made.components[static_cast<std::size_t>(step.component)];
    rows.back()["source"] = sources.contains(c.name) ? sources.at(c.name) : std::string();
    if (rows.back()["state"] != "running") down.insert(step.component);
    found.runs = found.runs || rows.back()["state"] == "running";
    known = known && told.has_value();
  }
  for (std::size_t i = 0; i < made.components.size(); ++i)
    if (!plan::means_any(made, made.components[i], options.nodes)) down.insert(static_cast<int>(i));
  // Where nothing runs, nobody could answer.
  if (found.runs) found.fares = ask_how_it_fares(made, setup, options.nodes, options.stop);
  for (const auto& each : found.fares) {
    known = known && each.good.has_value();
    all = all && each.good.value_or(true);
  }
  const auto effects = live::make_live(made, std::move(setup));
  const auto served = ask_protocols(made, *effects, down, options.stop);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& one = served[static_cast<std::size_t>(components[i])];
    if (one.ready) rows[i]["ready"] = *one.ready;
    if (one.leads) rows[i]["leads"] = *one.leads;
    if (!one.problem.empty()) rows[i]["problem"] = plan::mask(one.problem, made.secrets);
    all = all && rows[i]["state"] == "running" && one.ready.value_or(true);
  }
  if (found.runs && options.nodes.empty()) found.next = what_to_open(made, options.stop);
  if (options.format == "json")
    print_json(*lab, made.lab, found);
  else
    print_text(*lab, made.lab, found, !who_may_lead(made).empty(), options.colour);
  return known ? (all ? exit_true : exit_false) : exit_unknown;
}

}  // namespace tidelab::cli
