// What a command ends with: the one place for the numbers, and for what a run comes to.
#pragma once

namespace tidelab::report {

inline namespace exit_codes {
inline constexpr int exit_true = 0;
inline constexpr int exit_false = 1;          ///< something that was asked is false
inline constexpr int exit_unknown = 2;        ///< nobody could find out
inline constexpr int exit_no_lab = 3;         ///< a command that changes the lab could not
inline constexpr int exit_usage = 64;         ///< sysexits.h: EX_USAGE
inline constexpr int exit_bad_file = 65;      ///< EX_DATAERR
inline constexpr int exit_bug = 70;           ///< EX_SOFTWARE
inline constexpr int exit_interrupted = 130;  ///< 128 + SIGINT, as a shell has it
}  // namespace exit_codes

struct Report;
struct Preflight;

/// Commands that change the lab; all others ask.
bool changes_lab(const Report& report);

/// Of a run, from all other fields of its report. What a command finds before its first step it tells itself.
int exit_code_of(const Report& report);
/// Of a look at hosts: warnings alone are no failure, unless it is strict.
int exit_code_of(const Preflight& found);

/// Whether it is false rather than not known.
inline bool is_false(int exit_code) { return exit_code == exit_false || exit_code == exit_no_lab; }

}  // namespace tidelab::report
