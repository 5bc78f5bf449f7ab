// The agent's script in parts, so that a command is sent those that it needs: a whole one is 40 kB, which each host
// would read for nothing, and what libssh2 can ask for in one request is below 35 kB.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidelab::agent {

/// The lines of a script, without those that are only a remark or empty.
std::string without_remarks(std::string_view script);

/// What a script of POSIX sh consists of, as the agent's are written: functions `name() …`, which end at the first line
/// that begins with `}` or `)`, or on their own line; texts `name='…'` of several lines, with the functions that they
/// define and an `eval` right behind them; and other lines, which are always needed. Lines of remarks are left out.
class Parts {
public:
  explicit Parts(std::string_view script);

  /// The parts that `calls` names, those that these name, and so on, in the order of the script. A name counts wherever
  /// it stands as a word, so that rather too much is sent than too little; what is put together at run time must stand
  /// somewhere whole.
  std::string needed_by(std::string_view calls) const;

private:
  struct Part {
    std::string text;
    std::vector<std::string> names;  ///< none: always needed
    std::vector<std::size_t> needs;
  };
  std::vector<std::size_t> named_in(std::string_view text) const;

  std::vector<Part> parts_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace tidelab::agent
