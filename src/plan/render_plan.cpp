// A plan for a person: what would be true, in order, host by host.
#include <algorithm>

#include <fmt/format.h>

#include "plan/plan.hpp"
#include "step/describe.hpp"

namespace tidelab::plan {

bool means(const Plan& plan, const Component& c, const std::string& asked) {
  const bool on_host = c.lane > 0 && asked == plan.lanes[static_cast<std::size_t>(c.lane)].name;
  return on_host || asked == c.node || asked == c.name || asked == c.section || asked == c.kind;
}

bool means_any(const Plan& plan, const Component& c, const std::vector<std::string>& asked) {
  return asked.empty() || std::any_of(asked.begin(), asked.end(), [&](const auto& each) { return means(plan, c, each); });
}

std::string mask(std::string text, const std::vector<std::string>& secrets) {
  // Also as they stand inside a JSON string; longer ones first, so that no tail of one stays behind.
  std::vector<std::string> all = secrets;
  for (const auto& secret : secrets) {
    const auto literal = step::json_string(secret);
    if (literal != '"' + secret + '"') all.push_back(literal.substr(1, literal.size() - 2));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const auto& secret : all) {
    if (secret.empty()) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) text.replace(at, secret.size(), "***");
  }
  return text;
}

namespace {

// What a step comes after: numbers of steps, and where a gate has many of them, what it stands for.
std::string render_needs(const Plan& plan, const Step& step) {
  constexpr std::size_t few = 8;
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ",") + text; };
  for (const auto& need : step.needs) add(std::to_string(need.step + 1));
  for (const auto& need : step.gates) {
    const auto& gate = plan.gates[static_cast<std::size_t>(need.gate)];
    if (gate.steps.size() > few) {
      add(gate.title);
      continue;
    }
    for (const auto id : gate.steps) add(std::to_string(id + 1));
  }
  return out;
}

}  // namespace

std::string render_text(const Plan& plan) {
  std::string out = fmt::format("plan `{}` for lab {} ({}): {} steps on {} host{}\n", plan.command, plan.lab, plan.topology,
                                plan.steps.size(), plan.lanes.size() - 1, plan.lanes.size() == 2 ? "" : "s");
  for (const auto& note : plan.notes) out += fmt::format("note: {}\n", note);
  if (!plan.artifacts.empty()) out += "\nartifacts\n";
  for (const auto& artifact : plan.artifacts) {
    std::string kinds;
    for (const auto& source : artifact.sources)
      kinds += (kinds.empty() ? "" : ", then ") + source.kind + (source.note.empty() ? "" : " (" + source.note + ")");
    out += fmt::format("  {:<28} from {}\n", artifact.key, kinds);
  }
  int component = -2;
  for (const auto& step : plan.steps) {
    if (step.component != component) {
      component = step.component;
      if (component < 0) {
        out += fmt::format("\n{}\n", plan.lanes[static_cast<std::size_t>(step.lane)].name);
      } else {
        const auto& c = plan.components[static_cast<std::size_t>(component)];
        out += fmt::format("\n{} {}{}{}\n", c.title, c.node, c.version.empty() ? "" : ", version " + c.version,
                           c.jre.empty() ? "" : ", on its own JRE " + c.jre);
      }
    }
    const auto after = render_needs(plan, step);
    out += fmt::format("{:>4}. {}{}\n", step.id + 1, step.title, after.empty() ? "" : "   [after " + after + "]");
  }
  return mask(out, plan.secrets);
}

}  // namespace tidelab::plan
