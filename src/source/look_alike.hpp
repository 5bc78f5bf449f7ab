// Characters that come with pasted text and pass for others: blanks that are none, quotes of typography, full-width signs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidelab::source {

/// One such character.
struct LookAlike {
  enum class Is { blank, invisible, line_end, sign } is = Is::sign;
  std::string name;  ///< "a no-break space"
  char meant = ' ';  ///< what it passes for; of an invisible one nothing
};

std::optional<LookAlike> look_alike(std::uint32_t character);

/// "U+00A0".
std::string code_point(std::uint32_t character);

/// What to do about the first character of a word that is not what it seems, or about a letter of another alphabet;
/// empty when all of it is plain.
std::string help_for_look_alikes(std::string_view word);

}  // namespace tidelab::source
