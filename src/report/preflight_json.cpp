// The preflight for programs. docs/preflight.md describes every field; a change here is a change there.
#include <nlohmann/json.hpp>

#include "report/exit_code.hpp"
#include "report/layout.hpp"
#include "report/preflight.hpp"

namespace tidelab::report {

using Json = nlohmann::ordered_json;
using preflight::Outcome;

std::string render_json(const Preflight& found) {
  Json hosts = Json::array(), rows = Json::array();
  for (const auto& each : found.hosts) hosts.push_back({{"name", each.name}, {"roles", each.roles}});
  for (const auto& each : found.rows)
    rows.push_back({{"host", each.host},
                    {"check", each.check},
                    {"result", preflight::name_of(each.outcome)},
                    {"found", each.found},
                    {"fix", each.fix},
                    {"can_fix", each.knob.of != preflight::Knob::Of::none && each.outcome != Outcome::fixed},
                    {"evidence", printable(each.evidence)}});
  const Json root = {{"format", 1},
                     {"program", found.program},
                     {"command", "preflight"},
                     {"lab", found.lab},
                     {"topology", found.topology},
                     {"strict", found.strict},
                     {"exit_code", exit_code_of(found)},
                     {"counts",
                      {{"ok", count_of(found, Outcome::ok)},
                       {"warning", count_of(found, Outcome::warning)},
                       {"failure", count_of(found, Outcome::failure)},
                       {"fixed", count_of(found, Outcome::fixed)},
                       {"unknown", count_of(found, Outcome::unknown)}}},
                     {"hosts", std::move(hosts)},
                     {"rows", std::move(rows)}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tidelab::report
