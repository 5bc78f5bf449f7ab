// What was built; the words come from CMake.
#pragma once

#ifndef TIDELAB_VERSION
#define TIDELAB_VERSION "0"
#define TIDELAB_COMMIT "no commit"
#define TIDELAB_BUILD "unknown build"
#define TIDELAB_DATE ""
#endif

namespace tidelab::cli {

inline constexpr const char* version_text = TIDELAB_VERSION;
inline constexpr const char* version_commit = TIDELAB_COMMIT;
inline constexpr const char* version_build = TIDELAB_BUILD;
inline constexpr const char* version_date = TIDELAB_DATE;  ///< of the commit, as 2026-11-30; empty where there is none

}  // namespace tidelab::cli
