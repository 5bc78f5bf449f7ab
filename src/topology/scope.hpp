// `${…}`: names of values, and a few functions over the instances of a section.
//
//   ${port} ${host} ${version} ${ordinal} ${lab} ${user} ${global.deploy_dir}   values
//   ${log} ${NAME}                               the component's log; a text of its playbook's `let`
//   ${join some_servers "{host}:{port}" ","}    one text for each instance, joined
//   ${first some_servers "{host}:{client_port}"}   the same of the first instance
//   ${any some_servers "{host}:{port}"}     all of them, where any one will do
//   ${others some_servers "…" ","}          all but this one, and those that are to be taken away
//   ${count some_servers}                       how many
//   ${config[KEY] or TEXT}                       a setting of its configuration file; where there is none, TEXT, or nothing
//   ${json NAME}                                 the value as JSON: a list as an array, a text as a string
//   ${digest NAME}                               12 hex digits that change with that value, but not with who is in a list of `any`
//
// `$${` is a literal `${`. An IPv6 host is put in brackets inside the quoted formats.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "step/short_digest.hpp"
#include "topology/topology.hpp"

namespace tidelab::topology {

/// A text that grows beyond this is refused: texts stand for texts, and a few lines could ask for gigabytes.
inline constexpr std::size_t most_expanded = 1U << 20;

/// Called before the value of a name is read, so that a default which depends on others is resolved first.
using Touch = std::function<void(const Instance&, const std::string& name)>;

/// The setting of this name that the instance's configuration file will have: the topology's, else the playbook's.
struct FoundSetting {
  const step::Setting* setting = nullptr;  ///< null: none
  bool stated = false;                     ///< the topology's, which is literal
};
FoundSetting setting_for(const Instance& instance, const Topology& topology, const std::string& key);

class Scope {
public:
  Scope(const Topology& topology, const Instance* self, source::Diagnostics& diagnostics, Touch touch = {});

  /// A name with a value of its own, e.g. `token` of a check.
  void set(const std::string& name, std::string value) { extra_[name] = std::move(value); }
  /// The same with `${any …}` named by its section instead of by its members: a text that stays as it is when the group grows or shrinks.
  Scope without_members() const;
  /// What the `${any …}` of a text stand for: one for each member, in its order.
  std::vector<std::string> members_in(const Text& text) const;

  /// Everything replaced; what cannot be is a diagnostic (T030 unknown name, T031 empty section, T032 syntax, T034 too large).
  std::string expand(const Text& text) const;
  /// True when the text is exactly one `${name}` of a list or map value: how whole lists are passed.
  const Value* whole_value(const Text& text) const;

private:
  std::string evaluate(std::string_view inside, const Text& text) const;
  std::string counted(const std::string& section, std::string_view rest, const Text& text) const;
  std::string over_section(std::string_view function, std::string_view rest, const Text& text) const;
  std::string setting(std::string_view rest, const Text& text) const;
  std::string digest(const std::string& name, const std::string& value) const;
  std::string refuse_size(const Text& text) const;
  std::string refuse_circle(const Text& text) const;
  const std::string* plain(const std::string& name, std::string& buffer) const;
  const Text* text_of(const std::string& name) const;

  const Topology& topology_;
  const Instance* self_;
  source::Diagnostics& diagnostics_;
  Touch touch_;
  std::map<std::string, std::string> extra_;
  bool names_members_ = true;
  std::vector<std::string>* named_ = nullptr;   // where those of `any` are noted
  mutable std::vector<const Text*> under_way_;  // texts of `let` that are being put together
};

using step::short_digest;

}  // namespace tidelab::topology
