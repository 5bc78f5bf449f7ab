// What a lab that is up has, and its newer topology has not: found, told, and taken away before anything else is done.
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "cli/session.hpp"

namespace tidelab::cli {

/// The lab as it was applied, and the plan that takes away what leaves.
struct Leaving {
  Lab lab;
  plan::Plan plan;
};

/// Null where nothing leaves. The exit code after saying what the lab, which is up, cannot follow.
tl::expected<std::unique_ptr<Leaving>, int> find_leaving(const Lab& lab, const std::string& name);

/// What leaves by an `up` of this topology, and in which order: for `plan --diff`. Empty: nothing does.
std::string render_leaving(const Lab& lab, const std::string& name);

/// Asks all hosts first, and changes nothing where one does not answer.
Brought take_away(Leaving& leaving, const Options& options);

}  // namespace tidelab::cli
