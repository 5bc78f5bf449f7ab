// `tidelab list`: the labs of this account, as its records have them. Contacts no host.
#include <unistd.h>

#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/load.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "lab/lock.hpp"

namespace tidelab::cli {

namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::string& text) { return text.empty() ? ordered_json() : ordered_json(text); }

struct Listed {
  lab::Record record;
  std::string state, holder;
};

std::string or_dash(const std::string& text) { return text.empty() ? "–" : text; }

void print_json(const std::vector<Listed>& all, const std::vector<std::string>& closed) {
  auto labs = ordered_json::array();
  for (const auto& [record, state, holder] : all)
    labs.push_back({{"lab", record.lab},
                    {"state", state},
                    {"kept", record.kept},
                    {"topology", record.file.empty() ? record.name : record.file},
                    {"hosts", record.hosts},
                    {"since", or_null(record.since)},
                    {"last", or_null(record.last)},
                    {"last_began", or_null(record.when)},
                    {"worked_on_by", or_null(holder)}});
  std::cout << ordered_json{{"schema", "tidelab/list/1"}, {"labs", labs}, {"closed", closed}}.dump(2, ' ', false,
                                                                                                   ordered_json::error_handler_t::replace)
            << "\n";
}

void print_text(const std::vector<Listed>& all) {
  if (all.empty()) {
    std::cout << "no lab is up; `tidelab template one_host > lab.yaml` and `tidelab up lab.yaml` make one\n";
    return;
  }
  std::vector<Line> lines;
  for (const auto& [record, state, holder] : all) {
    Line line{{record.lab, state, or_dash(record.since), or_dash(fmt::format("{}", fmt::join(record.hosts, " "))),
               record.file.empty() ? record.name : record.file},
              {}};
    if (!record.kept.empty())
      line.below.push_back(fmt::format("its {} still on the hosts; `tidelab down {}` removes them",
                                       record.kept == "data" ? "data are" : record.kept + " are", record.lab));
    if (!holder.empty()) line.below.push_back("worked on by " + holder);
    if (auto text = lab::unfinished(record, !holder.empty()); !text.empty()) line.below.push_back(std::move(text));
    lines.push_back(std::move(line));
  }
  std::cout << render_table({{"lab"}, {"state"}, {"up since", 3}, {"hosts", 2}, {"topology", 4}}, lines, columns_of(STDOUT_FILENO));
}

void tell_closed(const std::string& lab, const lab::Unknowable& reason) {
  const auto foreign = reason.why == lab::Unknowable::Why::closed ? lab::foreign_record(lab) : std::string();
  if (foreign.empty()) return tell(reason);
  std::cerr << fmt::format("tidelab: lab {}: {}\n", lab, foreign);
}

}  // namespace

int list(const Options& options) {
  const auto labs = lab::recorded_labs();
  if (!labs && labs.error().why != lab::Unknowable::Why::closed) return tell(labs.error()), exit_unknown;
  std::vector<Listed> all;
  std::vector<std::string> closed;
  std::vector<lab::Unknowable> reasons;
  for (const auto& lab : labs.value_or(std::vector<std::string>())) {
    auto known = lab::read_record(lab);
    if (!known) {
      closed.push_back(lab);
      reasons.push_back(known.error());
      continue;
    }
    if (!*known) continue;  // it went meanwhile
    auto holder = lab::Lock::holder(lab);
    auto state = lab::state_of(**known, !holder.empty());
    all.push_back({std::move(**known), std::move(state), std::move(holder)});
  }
  if (options.format == "json")
    print_json(all, closed);
  else
    print_text(all);
  for (std::size_t i = 0; i < closed.size(); ++i) tell_closed(closed[i], reasons[i]);
  if (!labs) {
    const auto why = lab::foreign_record("-");
    std::cerr << fmt::format("tidelab: {}\n", why.empty() ? labs.error().what : why);
    return exit_unknown;
  }
  return closed.empty() ? exit_true : exit_unknown;
}

}  // namespace tidelab::cli
