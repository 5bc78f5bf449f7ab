// The plan of a command, for the processors that its hosts have: one step for whoever asks hosts and needs archives.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/session.hpp"
#include "plan/processors.hpp"

namespace tidelab::cli {

/// How a command makes its plan of what is known of the lab by now.
using Make = std::function<plan::Plan()>;

/// Makes the plan anew where hosts, by what they say (by lane, as `uname -m` prints it), are others than it was made for. True: it
/// was. The exit code after saying what is wrong with it.
tl::expected<bool, int> fit_to_hosts(Lab& lab, plan::Plan& made, const Make& make, const std::vector<std::string>& said);

/// The same for a command that has not looked at them: first it asks those that it must.
tl::expected<bool, int> fit_to_hosts(Lab& lab, plan::Plan& made, const Make& make, live::Setup& setup, plan::Known known);

}  // namespace tidelab::cli
