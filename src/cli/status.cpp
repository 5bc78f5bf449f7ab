// `tidelab status`: who runs where, on which JRE, from which source, and whether it serves: one look at each host, and the
// questions that `up` waits for.
#include <iostream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "run/journal.hpp"

namespace tidelab::cli {

namespace {

using nlohmann::ordered_json;

// Which source each component came from, as the last `up` acquired it.
std::map<std::string, std::string> sources_of(const std::string& lab) {
  std::map<std::string, std::string> out;
  const auto journal = read_file(record_dir(lab) + "/up.jsonl");
  if (!journal) return out;
  const auto event = run::parse_line(journal->substr(0, journal->find('\n')));
  if (!event) return out;
  if (const auto* opened = std::get_if<run::Opened>(&event->what))
    for (const auto& each : opened->components) out[each.name] = each.source;
  return out;
}

std::string duration_text(long long seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

/// Of one instance: whether it serves, as its own protocol says; null where nobody could be asked, or nothing is asked.
struct Served {
  std::optional<bool> ready;
  std::string problem;
};

// What `up` waits for, asked once; instances side by side.
std::vector<Served> ask_protocols(const plan::Plan& plan, run::Effects& effects, const std::set<int>& down, const std::stop_token& stop) {
  constexpr auto patience = std::chrono::seconds(3);
  std::vector<Served> out(plan.components.size());
  std::map<int, std::vector<const plan::Step*>> questions;
  for (const auto& step : plan.steps)
    if (std::holds_alternative<step::Wait>(step.action) && !down.contains(step.component)) questions[step.component].push_back(&step);
  std::vector<std::jthread> threads;
  for (const auto& [component, asked] : questions) {
    threads.emplace_back([&, at = static_cast<std::size_t>(component), &steps = asked] {
      for (const auto* step : steps) {
        const auto done = effects.perform(*step, {step::Clock::now() + patience, stop, {}});
        out[at].ready = done.has_value();
        if (done) continue;
        out[at].problem = fmt::format("{}: {}", step->title, done.error().what);
        break;
      }
    });
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
          {"state", state.is_object() ? state.value("state", running ? "running" : "down") : "unknown"},
          {"ready", nullptr},
          {"pid", known("pid")},
          {"up_seconds", known("up_seconds")},
          {"restarts", state.is_object() ? ordered_json(state.value("restarts", 0)) : ordered_json()},
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

// `up` waits for every one of them, so only one that answers is ready.
std::string state_text(const ordered_json& row) {
  if (row["state"] != "running" || row["ready"].is_null()) return row["state"].get<std::string>();
  return row["ready"].get<bool>() ? "ready" : "not ready";
}

std::string ports_text(const ordered_json& row) {
  std::string out;
  for (const auto& port : row["ports"]) out += (out.empty() ? "" : ",") + port.dump();
  return out;
}

void print_table(const Lab& lab, const std::string& name, const ordered_json& rows) {
  const auto head = !lab.kept.empty()
                        ? fmt::format(" (down; its {} still on the hosts)", lab.kept == "data" ? "data are" : lab.kept + " are")
                    : lab.recorded ? std::string()
                                   : std::string(" (not up)");
  constexpr auto line = "{:<20} {:<22} {:<9} {:<22} {:>8} {:>8} {:>7} {:<14} {:<9} {}\n";
  std::cout << fmt::format("lab {}{}\n\n", name, head)
            << fmt::format(line, "role", "node", "state", "ports", "pid", "up", "MB", "version", "jre", "source");
  for (const auto& row : rows) {
    const bool running = row["state"] == "running";
    std::cout << fmt::format(line, row["role"].get<std::string>(), row["node"].get<std::string>(), state_text(row), ports_text(row),
                             running ? row["pid"].dump() : "–", running ? duration_text(row["up_seconds"].get<long long>()) : "–",
                             running ? std::to_string(row["rss_kb"].get<long long>() / 1024) : "–", row["version"].get<std::string>(),
                             row["jre"].get<std::string>(), row["source"].get<std::string>());
    if (!row["problem"].is_null()) std::cout << "    " << row["problem"].get<std::string>() << "\n";
  }
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
  auto rows = ordered_json::array();
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
    known = known && told.has_value();
  }
  for (std::size_t i = 0; i < made.components.size(); ++i)
    if (!plan::means_any(made, made.components[i], options.nodes)) down.insert(static_cast<int>(i));
  const auto effects = live::make_live(made, std::move(setup));
  const auto served = ask_protocols(made, *effects, down, options.stop);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& one = served[static_cast<std::size_t>(components[i])];
    if (one.ready) rows[i]["ready"] = *one.ready;
    if (!one.problem.empty()) rows[i]["problem"] = plan::mask(one.problem, made.secrets);
    all = all && rows[i]["state"] == "running" && one.ready.value_or(true);
  }
  if (options.format == "json")
    std::cout << ordered_json{{"lab", made.lab}, {"recorded", lab->recorded}, {"kept", lab->kept}, {"nodes", rows}}.dump(2) << "\n";
  else
    print_table(*lab, made.lab, rows);
  return known ? (all ? exit_true : exit_false) : exit_unknown;
}

}  // namespace tidelab::cli
