// Typed reading of nodes: each function either gives a value or appends a diagnostic that says what
// was expected and what was found.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "yaml/document.hpp"

namespace tidelab::yaml {

/// "a mapping", "a list", "a text", "nothing": for messages.
std::string name_of(const Node& node);

/// Code Y010: a value of another kind than the one asked for.
bool read_mapping(const Node& node, std::string_view what, source::Diagnostics& diagnostics);
bool read_sequence(const Node& node, std::string_view what, source::Diagnostics& diagnostics);
std::optional<source::Text> read_text(const Node& node, std::string_view what, source::Diagnostics& diagnostics);

/// Plain `true` or `false` (YAML 1.2: `yes` is a text). Code Y010.
std::optional<bool> read_bool(const Node& node, std::string_view what, source::Diagnostics& diagnostics);

/// A decimal integer in [least, most]. `4000.5`, `0x10`, `1_000` are refused. Codes Y010, Y011 (range).
std::optional<std::int64_t> read_integer(const Node& node, std::string_view what, std::int64_t least, std::int64_t most,
                                         source::Diagnostics& diagnostics);

/// A number with a unit: `500ms`, `30s`, `5m`, `1h`. Code Y010.
std::optional<std::chrono::milliseconds> read_duration(const Node& node, std::string_view what, source::Diagnostics& diagnostics);
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A list of texts; one text alone stands for a list of one.
std::vector<source::Text> read_texts(const Node& node, std::string_view what, source::Diagnostics& diagnostics);

/// Complains (Y012) about each key of the mapping that is not in `known`, with a did-you-mean.
void refuse_unknown_keys(const Node& mapping, std::string_view what, const std::vector<std::string>& known,
                         source::Diagnostics& diagnostics);

}  // namespace tidelab::yaml
