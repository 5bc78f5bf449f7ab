// The scripts of completion/, as they are there.
#pragma once

#include <string_view>
#include <vector>

namespace tidelab::cli {

struct Completion {
  std::string_view shell, script;
};
const std::vector<Completion>& completions();

}  // namespace tidelab::cli
