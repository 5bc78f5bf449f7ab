// Private to yaml: what a parser's complaint means to the person who wrote the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidelab::yaml {

/// A fault in the words of whoever has to mend it.
struct Fault {
  std::size_t at = 0;  ///< byte offset
  std::string message;
  std::string help;  ///< may be empty
};

/// `cause` is the parser's own message, `at` where it stood when it gave up, which is often behind the fault.
Fault make_fault(std::string_view text, std::size_t at, std::string_view cause);

}  // namespace tidelab::yaml
