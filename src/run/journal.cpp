// Events as JSON lines. Texts are always texts (bytes that are not UTF-8 become U+FFFD, because a log tail
// must never cost us the journal); null stands for an id that points nowhere and for a part that is not there.
#include "run/journal.hpp"

#include <nlohmann/json.hpp>

namespace tidelab::run {
namespace {

using Json = nlohmann::ordered_json;  // a person reads journals too: fields stay in the order written here

Json id_or_null(int id) { return id < 0 ? Json(nullptr) : Json(id); }

template <class T, class F>
Json list_of(const std::vector<T>& items, F&& make) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(make(item));
  return list;
}

template <class T>
Json list_of(const std::vector<T>& items) {
  return list_of(items, [](const T& item) { return Json(item); });
}

Json make_json(const plan::Hop& hop) {
  return {{"check", hop.check},     {"group", hop.group},
          {"place", hop.place},     {"title", hop.title},
          {"look_at", hop.look_at}, {"since", id_or_null(hop.since)},
          {"travels", hop.travels}, {"about", list_of(hop.about)},
          {"drift", hop.drift},     {"warns", hop.warns},
          {"heal", hop.heal}};
}

Json make_json(const StepLine& line) {
  return {{"id", line.id},
          {"title", line.title},
          {"lane", line.lane},
          {"component", id_or_null(line.component)},
          {"origin", line.origin},
          {"changes", line.changes},
          {"hop", line.hop ? make_json(*line.hop) : Json(nullptr)},
          {"blocked_by", list_of(line.blocked_by)},
          {"gates", list_of(line.gates)}};
}

Json make_json(const ComponentLine& line) {
  Json out = {{"name", line.name},
              {"node", line.node},
              {"title", line.title},
              {"version", line.version},
              {"host", line.host},
              {"jre", line.jre},
              {"source", line.source},
              {"section", line.section},
              {"serves_with", line.serves_with},
              {"needs", list_of(line.needs)},
              {"written", line.written}};
  if (line.lost) out["lost"] = true;
  return out;
}

Json make_json(const step::Failure& failure) {
  return {{"why", step::name_of(failure.why)}, {"what", failure.what},     {"evidence", failure.evidence},
          {"expected", failure.expected},      {"actual", failure.actual}, {"help", failure.help}};
}

Json fields_of(const Opened& e) {
  return {{"event", "opened"},
          {"command", e.command},
          {"lab", e.lab},
          {"topology", e.topology},
          {"program", e.program},
          {"when", e.when},
          {"lanes", list_of(e.lanes)},
          {"components", list_of(e.components, [](const ComponentLine& line) { return make_json(line); })},
          {"steps", list_of(e.steps, [](const StepLine& line) { return make_json(line); })},
          {"notes", list_of(e.notes)},
          {"gates", list_of(e.gates)},
          {"strict", e.strict}};
}

Json fields_of(const Warned& e) {
  return {{"event", "warned"}, {"host", e.host}, {"check", e.check},      {"result", e.result},
          {"found", e.found},  {"fix", e.fix},   {"evidence", e.evidence}};
}

Json fields_of(const Started& e) { return {{"event", "started"}, {"step", e.step}}; }

Json fields_of(const Said& e) { return {{"event", "said"}, {"step", id_or_null(e.step)}, {"text", e.text}}; }

Json fields_of(const Ended& e) {
  return {{"event", "ended"},
          {"step", e.step},
          {"outcome", name_of(e.outcome)},
          {"note", e.note},
          {"observed_us", e.observed.count()},
          {"failure", e.failure ? make_json(*e.failure) : Json(nullptr)},
          {"blocked_by", list_of(e.blocked_by)},
          {"restarted", e.restarted}};
}

Json fields_of(const Evidence& e) {
  return {{"event", "evidence"}, {"component", id_or_null(e.component)}, {"title", e.title}, {"text", e.text},
          {"state", e.state},    {"step", id_or_null(e.step)},           {"words", e.words}};
}

Json fields_of(const Closed& e) {
  return {{"event", "closed"},
          {"interrupted", e.interrupted},
          {"remote_commands", e.remote_commands},
          {"connections", e.connections},
          {"bytes_sent", e.bytes_sent}};
}

}  // namespace

std::string render_line(const Event& event) {
  Json line = {{"at_us", event.at.count()}};
  line.update(std::visit([](const auto& what) { return fields_of(what); }, event.what));
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tidelab::run
