// Commands that people run on the lab's hosts by hand: found as the components' own programs are, with what those need.
#pragma once

#include <string>
#include <vector>

#include "host/host.hpp"
#include "plan/plan.hpp"

namespace tidelab::cli {

/// The words with the tools of the components on this lane (of those that are meant) in their PATH, and with the variables
/// of the component that the program is of. The words themselves arrive as they are.
std::vector<std::string> with_tools(std::vector<const plan::Component*> meant, std::vector<std::string> words);

/// Those components of a lane that are meant and have tools.
std::vector<const plan::Component*> tool_owners(const plan::Plan& plan, std::size_t lane, const std::vector<std::string>& nodes);

/// For a command that ended with 127: what to ask its host, and what the answer says was meant. Empty: it is there, or
/// nothing is like it.
std::vector<std::string> question_for_missing(const std::vector<const plan::Component*>& meant, const std::string& program);
std::string what_was_meant(const std::string& program, const std::string& listed);

}  // namespace tidelab::cli
