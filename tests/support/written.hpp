// A text as a file of its own, with what was complained about while it was read.
#pragma once

#include <string>

#include "source/diagnostic.hpp"
#include "yaml/document.hpp"

namespace tidelab::support {

struct Heard {
  std::string complaints() const { return diagnostics.empty() ? "" : render_text(diagnostics); }

  /// `T001 2:3 message | help`, one line each.
  std::string brief() const {
    std::string out;
    for (const auto* d : diagnostics.ordered()) {
      out += (out.empty() ? "" : "\n") + d->code + " " + std::to_string(d->span.line) + ":" + std::to_string(d->span.column) + " " +
             d->message;
      if (!d->help.empty()) out += " | " + d->help;
    }
    return out;
  }

  source::Diagnostics diagnostics;
};

struct Written : Heard {
  explicit Written(std::string text, std::string name = "t.yaml") : file{std::move(name), std::move(text)} {}

  yaml::Node node() { return yaml::read_document(file, diagnostics); }

  source::File file;
};

}  // namespace tidelab::support
