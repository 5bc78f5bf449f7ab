// What the world did instead of what was asked: a value that travels to the journal and the report.
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace tidelab::step {

/// Only distinctions that code reacts to. The first three are answers of the component under test and
/// make a claim false; `unreachable` means that we could not ask, and makes it unknown.
enum class Why {
  differs,      ///< it answered, and the answer is not the one that must be
  refused,      ///< its own port refuses, closes, or answers with an error, while its host is reachable
  timed_out,    ///< no (right) answer before the deadline
  unreachable,  ///< ssh, DNS, authentication, or a missing tool of ours: nothing is known
  failed,       ///< an act of ours did not work: exit code, full disk, wrong checksum
  interrupted,  ///< the user asked to stop
};

/// `what` is one sentence, lower case, without a full stop. `evidence` may have many lines: the tail of
/// a log or of stderr. `expected` and `actual` are filled for `differs` and for a `timed_out` wait.
/// `help` says what to do next, and may be empty.
struct Failure {
  Why why = Why::failed;
  std::string what;
  std::string evidence{};
  std::string expected{};
  std::string actual{};
  std::string help{};
  bool lasting = false;  ///< asking again cannot change it: a wrong password, a table that is not there, a state that does not end
};

template <class T>
using Result = tl::expected<T, Failure>;

inline tl::unexpected<Failure> fail(Why why, std::string what, std::string evidence = {}) {
  return tl::unexpected<Failure>(Failure{why, std::move(what), std::move(evidence)});
}

/// The stable word for a journal: "differs", "refused", …
const char* name_of(Why why);

}  // namespace tidelab::step
