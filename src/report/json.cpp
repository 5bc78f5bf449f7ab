// The report for programs. docs/report.md describes every field; a change here is a change there.
#include <nlohmann/json.hpp>

#include "report/layout.hpp"
#include "report/report.hpp"

namespace tidelab::report {
namespace {

using Json = nlohmann::ordered_json;

template <class T, class F>
Json list_of(const std::vector<T>& items, F&& make) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(make(item));
  return list;
}

Json name_or_null(const run::Opened& opened, int component) {
  const bool known = component >= 0 && component < static_cast<int>(opened.components.size());
  return known ? Json(opened.components[component].name) : Json(nullptr);
}

Json make_hop(const run::Opened& opened, const Row& row) {
  return {{"step", row.step},
          {"check", row.hop.check},
          {"group", row.hop.group},
          {"travels", row.hop.travels},
          {"place", row.hop.place},
          {"title", row.hop.title},
          {"verdict", name_of(row.verdict)},
          {"latency_us", row.latency ? Json(row.latency->count()) : Json(nullptr)},
          {"watched_us", row.watched ? Json(row.watched->count()) : Json(nullptr)},
          {"words", row.words},
          {"drift", row.hop.drift},
          {"note", row.note},
          {"expected", row.expected},
          {"actual", row.actual},
          {"evidence", row.evidence},
          {"origin", row.origin},
          {"for", row.written},
          {"look_at", row.hop.look_at},
          {"help", row.help},
          {"component", name_or_null(opened, row.component)},
          {"blocked_by", list_of(row.blocked_by, [](const std::string& title) {
             return Json{{"title", title}};
           })}};
}

Json make_trouble_json(const Trouble& trouble) {
  const auto& failure = trouble.failure;
  return {{"step", trouble.step},
          {"title", trouble.title},
          {"host", trouble.host},
          {"component", trouble.component},
          {"origin", trouble.origin},
          {"for", trouble.written},
          {"why", step::name_of(failure.why)},
          {"what", failure.what},
          {"expected", failure.expected},
          {"actual", failure.actual},
          {"evidence", failure.evidence},
          {"help", failure.help}};
}

Json make_warning(const run::Warned& warned) {
  return {{"host", warned.host},   {"check", warned.check}, {"result", warned.result},
          {"found", warned.found}, {"fix", warned.fix},     {"evidence", warned.evidence}};
}

Json make_component(const run::ComponentLine& line) {
  return {
      {"name", line.name}, {"node", line.node}, {"title", line.title},   {"version", line.version},
      {"host", line.host}, {"jre", line.jre},   {"source", line.source}, {"stand_in", line.source.find("stand-in") != std::string::npos}};
}

Json make_counts(const Report& report) {
  Json hops = Json::object();
  for (const Verdict verdict : {Verdict::pass, Verdict::fail, Verdict::warn, Verdict::broken, Verdict::blocked, Verdict::unknown}) {
    hops[name_of(verdict)] = count_of(report, verdict);
  }
  return {{"hops", hops},
          {"steps",
           {{"held", report.held},
            {"made", report.made},
            {"restarted", report.restarted},
            {"failed", report.failed},
            {"blocked", report.blocked}}}};
}

}  // namespace

std::string render_json(const Report& report) {
  const auto& opened = report.opened;
  const Json root = {
      {"format", 1},
      {"program", opened.program},
      {"command", opened.command},
      {"lab", opened.lab},
      {"topology", opened.topology},
      {"when", opened.when},
      {"took_us", report.took.count()},
      {"complete", report.complete},
      {"interrupted", report.interrupted},
      {"exit_code", report.exit_code},
      {"sentence", report.sentence},
      {"seen", report.story.seen},
      {"explanation", report.story.cause},
      {"next", report.story.next},
      {"counts", make_counts(report)},
      {"warnings", list_of(report.warned, make_warning)},
      {"hops", list_of(report.rows, [&](const Row& row) { return make_hop(opened, row); })},
      {"troubles", list_of(report.troubles, make_trouble_json)},
      {"evidence", list_of(report.evidence,
                           [&](const run::Evidence& item) {
                             return Json{{"component", name_or_null(opened, item.component)},
                                         {"title", item.title},
                                         {"text", item.text},
                                         {"state", item.state}};
                           })},
      {"components", list_of(opened.components, make_component)},
      {"hosts", list_of(opened.lanes,
                        [](const std::string& lane) {
                          return Json{{"name", lane}};
                        })},
      {"notes", list_of(opened.notes,
                        [](const std::string& note) {
                          return Json{{"text", note}};
                        })},
      {"traffic",
       {{"remote_commands", report.closed.remote_commands},
        {"connections", report.closed.connections},
        {"bytes_sent", report.closed.bytes_sent}}},
  };
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tidelab::report
