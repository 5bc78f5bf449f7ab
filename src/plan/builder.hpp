// Private to this room: what the makers of plans share — lanes, components, expansion of steps to literals.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plan/make.hpp"
#include "topology/scope.hpp"

namespace tidelab::plan {

/// The path that a step writes, and the one whose existence it relies on; empty for a step that may touch anything.
std::string written_path(const step::Action& action);
bool at_or_below(const std::string& path, const std::string& top);

class Builder {
public:
  Builder(const Inputs& inputs, std::string command, source::Diagnostics& diagnostics);

  Plan plan;

  const std::map<std::string, topology::Section>& sections() const { return inputs_.topology.sections; }
  const std::vector<topology::Instance>& instances() const { return inputs_.topology.instances; }
  int lane_of(std::size_t instance) const { return lanes_.at(instance); }
  bool chosen(std::size_t instance) const { return chosen_.at(instance); }

  topology::Scope scope_of(std::size_t instance) const;

  /// Nested steps filtered by version, lists and templates filled in, texts literal, artifacts registered (expand.cpp).
  step::Action expand(const step::Action& action, std::size_t instance, const topology::Scope& scope);
  /// The steps that are there for the instance's versions, and ask only what can be asked of the topology's.
  std::vector<const step::Step*> there(const std::vector<step::Step>& steps, std::size_t instance) const;

  /// False where it asks what the topology's versions cannot be asked (questions.cpp, as the next three).
  bool can_be_asked(const step::Action& action) const;
  /// How a person asks what is asked in it: `by_hand` of the first question.
  std::string asked_by_hand(const step::Action& action, const topology::Scope& scope) const;
  /// A pointer into what `asked` gives, as one into its answer.
  source::Text pointer_of(const step::Action& asked, source::Text pointer) const;
  void point(const step::Action& asked, step::Match& match) const;

  /// The first instance of a section, or -1.
  int first_of(const std::string& section) const;

  /// Appends a step and gives its id; `origin`, `title` and `on` are taken from `from`.
  int add(const step::Step& from, step::Action action, std::size_t instance, const topology::Scope& scope, std::vector<Need> needs);
  /// Of a service that the instance's start steps keep running: it must not run (make_down.cpp).
  int add_halt(const step::Step& service, std::size_t instance, const std::vector<Need>& needs);
  /// What is asked when a step failed, behind what it has already.
  void add_evidence(const std::vector<step::Step>& evidence, std::size_t instance, const topology::Scope& scope, Step& made);
  int lane_for(const step::Step& from, std::size_t instance) const;

  /// Instances in an order in which each comes after those that it needs (L002 if there is none).
  std::vector<std::size_t> in_order() const;
  /// The sections that this instance needs, of those that the topology has and that are provisioned.
  std::vector<std::string> needed_by(std::size_t instance) const;
  /// The gate behind the steps that `steps_of` has for the instances of a section, as they are when it is first asked for.
  int gate_of(const std::string& section, const std::vector<std::vector<int>>& steps_of);
  /// Those of all sections that this instance needs.
  std::vector<GateNeed> gates_before(std::size_t instance, const std::vector<std::vector<int>>& steps_of);
  /// The gate of this title, made of `steps` when it is first asked for.
  int gate(const std::string& title, const std::function<std::vector<int>()>& steps);
  /// What waits for an instance that has no step of its own waits for what the instance would have waited for.
  void pass_on(const std::vector<GateNeed>& gates, std::vector<int>& ready) const;
  /// Tools of all components, what is opened next, and what is shown of them (daily.cpp).
  enum class Show { nothing, states };
  void add_daily(Show show);
  /// Of each section with several instances, what of the steps there are is whose (groups.cpp).
  void add_groups();
  /// The same of each section of which some instances leave and others stay.
  void add_leaving_groups();
  /// Names of the services that the instance's start steps keep running.
  std::vector<std::string> services_of(std::size_t instance);

private:
  std::vector<Step> questions_of(const std::vector<step::Step>& steps, std::size_t instance);  // groups.cpp
  void add_questions(Group::Member& member, std::size_t instance);
  void add_lanes();
  void add_components();
  HostNeeds host_needs_of(std::size_t instance, const topology::Scope& scope) const;                       // host_needs.cpp
  std::string artifact_key(const source::Text& name, std::size_t instance, const topology::Scope& scope);  // artifacts.cpp
  std::string keep_artifact(Artifact made, const playbook::Playbook& provider, const playbook::Artifact& declared, std::size_t instance);
  void fill(step::Action& action, std::size_t instance, const topology::Scope& scope);
  void fill(std::string_view field, std::vector<step::Step>& steps, bool needed, std::size_t instance, const topology::Scope& scope);
  step::Action config_as_file(const step::Config& config, std::size_t instance);
  step::Settings settings_of(const step::Config& config, std::size_t instance) const;
  source::Text counted_of(const step::Config& config, std::size_t instance) const;
  /// Of the service's input files, those of which not all is a reason for a restart.
  void count_parts(step::Service& service, std::size_t instance, const topology::Scope& scope);
  const playbook::Way* way_of(const step::Ask& ask, bool tell) const;
  topology::Scope scope_of(const step::Ask& ask, const topology::Scope& scope) const;
  source::Text asked_on(const step::Action& action) const;
  std::vector<step::Step> words_of(const step::Ask& ask, const topology::Scope& scope);
  std::vector<step::Step> with_answers(const std::vector<step::Step>& steps, const topology::Scope& scope);

  const Inputs& inputs_;
  source::Diagnostics& diagnostics_;
  std::vector<int> lanes_;
  std::vector<bool> chosen_;
  std::map<std::string, int> gates_;                              // by title
  std::vector<std::pair<std::string, std::string>> being_asked_;  // sections and questions, each within the one before
};

}  // namespace tidelab::plan
