// The only place where text becomes shell source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidelab::host {

/// One word of POSIX sh that means exactly these bytes. NUL cannot be passed and is a programming error.
std::string quote(std::string_view text);

std::string quote_argv(const std::vector<std::string>& argv);

/// For a sentence: one short line; a script or what is long is left away, as `sh -c …`.
std::string short_argv(const std::vector<std::string>& argv);

/// What a failure keeps of a command's stderr: its last 2,000 bytes.
std::string last_words(const std::string& err);

}  // namespace tidelab::host
