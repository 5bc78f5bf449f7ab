// Private to this room: texts of others inside of a page.
#pragma once

#include <string>

namespace tidelab::report {

/// Safe as text and inside of an attribute.
std::string escape_html(const std::string& text);

/// The same for the cells of a table: addresses of the web are links, and a word that is longer than a cell may be broken where
/// one of its parts ends.
std::string rich_html(const std::string& text);

}  // namespace tidelab::report
