// `tidelab status`: who runs where, on which JRE, from which source.
#include <iostream>

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

}  // namespace

int status(const Options& options) {
  auto lab = open_lab(options, false);
  if (!lab) return exit_bad_file;
  const auto made = plan::make_status(lab->loaded->inputs(lab->options), lab->loaded->diagnostics);
  if (!told_no_errors(*lab->loaded, options)) return exit_bad_file;
  const auto sources = sources_of(made.lab);
  const auto effects = live::make_live(made, make_setup(made, *lab));
  auto rows = ordered_json::array();
  bool all = true, known = true;
  for (const auto& step : made.steps) {
    const auto& c = made.components[static_cast<std::size_t>(step.component)];
    const auto done = effects->perform(step, {step::Clock::now() + std::chrono::seconds(20), options.stop, {}});
    const auto state = done ? ordered_json::parse(done->note, nullptr, false) : ordered_json();
    const bool running = state.is_object() && state.value("running", false);
    all = all && running;
    known = known && done.has_value();
    const auto source = sources.contains(c.name) ? sources.at(c.name) : std::string();
    rows.push_back({{"role", c.title},
                    {"node", c.node},
                    {"host", made.lanes[static_cast<std::size_t>(c.lane)].name},
                    {"state", !done     ? "unknown"
                              : running ? "running"
                                        : "down"},
                    {"pid", running ? ordered_json(state["pid"]) : ordered_json()},
                    {"up_seconds", running ? ordered_json(state["up_seconds"]) : ordered_json()},
                    {"restarts", state.is_object() ? ordered_json(state.value("restarts", 0)) : ordered_json()},
                    {"rss_kb", running ? ordered_json(state.value("rss_kb", 0)) : ordered_json()},
                    {"exe", running ? ordered_json(state["exe"]) : ordered_json()},
                    {"version", c.version},
                    {"jre", c.jre},
                    {"dir", c.dir},
                    {"log", c.log},
                    {"source", source},
                    {"problem", done ? ordered_json() : ordered_json(done.error().what)}});
  }
  if (options.format == "json") {
    std::cout << ordered_json{{"lab", made.lab}, {"recorded", lab->recorded}, {"nodes", rows}}.dump(2) << "\n";
    return known ? (all ? exit_true : exit_false) : exit_unknown;
  }
  std::cout << fmt::format("lab {}{}\n\n{:<20} {:<22} {:<8} {:>8} {:>8} {:>7} {:<14} {:<9} {}\n", made.lab,
                           lab->recorded ? "" : " (not up)", "role", "node", "state", "pid", "up", "MB", "version", "jre", "source");
  for (const auto& row : rows) {
    const bool running = row["state"] == "running";
    std::cout << fmt::format("{:<20} {:<22} {:<8} {:>8} {:>8} {:>7} {:<14} {:<9} {}\n", row["role"].get<std::string>(),
                             row["node"].get<std::string>(), row["state"].get<std::string>(), running ? row["pid"].dump() : "–",
                             running ? duration_text(row["up_seconds"].get<long long>()) : "–",
                             running ? std::to_string(row["rss_kb"].get<long long>() / 1024) : "–", row["version"].get<std::string>(),
                             row["jre"].get<std::string>(), row["source"].get<std::string>());
    if (!row["problem"].is_null()) std::cout << "    " << row["problem"].get<std::string>() << "\n";
  }
  return known ? (all ? exit_true : exit_false) : exit_unknown;
}

}  // namespace tidelab::cli
