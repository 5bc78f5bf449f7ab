// What reading files brought to light, in the formats of CI servers and editors. docs/validate.md describes each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "source/diagnostic.hpp"

namespace tidelab::report {

/// One file that was asked about.
struct CheckedFile {
  std::string name;  ///< as given; `<stdin>` for the standard input
  int errors = 0;
  int warnings = 0;
  int instances = 0;  ///< 0 when there are errors
  int hosts = 0;
  std::string note = {};  ///< a remark that is no finding; may be empty
};

/// What there is to say about a code in general.
struct Explained {
  std::string title;     ///< one line
  std::string text;      ///< the story, and what to do
  std::string markdown;  ///< all of the page
};

struct Findings {
  std::string program;  ///< name and version of the tool
  bool strict = false;
  int exit_code = 0;
  std::vector<CheckedFile> files;
  const source::Diagnostics& diagnostics;
  std::map<std::string, Explained> explained;  ///< by code; may lack some
};

std::string render_json(const Findings& findings);
std::string render_sarif(const Findings& findings);  ///< SARIF 2.1.0, as uploads to code scanning take it
std::string render_junit(const Findings& findings);  ///< a suite per file, a case per diagnostic

}  // namespace tidelab::report
