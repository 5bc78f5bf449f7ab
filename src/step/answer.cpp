#include "step/answer.hpp"

#include <nlohmann/json.hpp>

#include "step/json_bounds.hpp"

namespace tidelab::step {

using Json = nlohmann::json;  // not `json`: other files of the room call a text so

namespace {

// The parser itself goes down no stack, but who copies, writes or compares what it made does.
std::optional<std::string> bound_of(std::string_view answer) {
  const auto first = answer.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (answer[first] != '{' && answer[first] != '[')) return std::nullopt;
  auto out = beyond(answer, {answer.size(), most_answer_values, most_answer_depth});
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

std::string render(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* at(const Json& value, const std::string& pointer) {
  if (pointer.empty()) return &value;
  try {
    const Json::json_pointer where(pointer);
    // An object under `value` may lack any part of the way; contains() never throws for that.
    return value.contains(where) ? &value.at(where) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

}  // namespace

struct Answer::Held {
  std::shared_ptr<const Json> value;  // of a part, it holds the whole
  std::optional<std::string> text{};  // not of a part
  bool is_json = true;                // to the end of the text
  std::optional<std::string> beyond{};
};

Answer Answer::parse(std::string text) {
  auto beyond = bound_of(text);
  auto parsed = beyond ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
  const bool is_json = !parsed.is_discarded() && text.find('\0') == std::string::npos;  // which the parser takes for the end
  auto value = std::make_shared<const Json>(parsed.is_discarded() ? Json(text) : std::move(parsed));
  return Answer(std::make_shared<const Held>(Held{std::move(value), std::move(text), is_json, std::move(beyond)}));
}

Answer Answer::object(const std::vector<std::pair<std::string, Answer>>& members) {
  std::string text = "{";
  auto whole = Json::object();
  for (const auto& [name, member] : members) {
    const auto value = member.held_->is_json ? member : parse(json_string(member.text()));
    text += (whole.empty() ? "" : ",") + json_string(name) + ":" + value.text();
    whole[name] = *value.held_->value;
  }
  text += "}";
  if (bound_of(text)) return parse(std::move(text));
  return Answer(std::make_shared<const Held>(Held{std::make_shared<const Json>(std::move(whole)), std::move(text)}));
}

std::string Answer::text() const { return held_->text ? *held_->text : render(*held_->value); }

std::optional<std::string> Answer::beyond() const { return held_->beyond; }

bool Answer::has(const std::string& pointer) const {
  const auto* found = at(*held_->value, pointer);
  return found != nullptr && !found->is_null();
}

std::optional<std::string> Answer::said(const std::string& pointer) const {
  const auto* found = at(*held_->value, pointer);
  if (found == nullptr) return std::nullopt;
  return found->is_string() ? found->get<std::string>() : render(*found);
}

std::vector<Answer> Answer::elements(const std::string& pointer) const {
  std::vector<Answer> out;
  const auto* list = at(*held_->value, pointer);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& element : *list)
    out.push_back(Answer(std::make_shared<const Held>(Held{std::shared_ptr<const Json>(held_->value, &element)})));
  return out;
}

Answer Answer::alone() const {
  if (held_->text) return *this;
  return Answer(std::make_shared<const Held>(Held{std::make_shared<const Json>(*held_->value)}));
}

std::string json_string(std::string_view text) { return render(Json(text)); }

}  // namespace tidelab::step
