// The pages about diagnostics: docs/explain/CODE.md, installed with the program.
#pragma once

#include <map>
#include <string>

#include "report/findings.hpp"

namespace tidelab::cli {

/// Every page that there is, by code. `home` is the directory that holds playbooks/ and docs/.
std::map<std::string, report::Explained> read_pages(const std::string& home);

}  // namespace tidelab::cli
