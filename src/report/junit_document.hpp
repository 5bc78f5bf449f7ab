// Private to the room: what every JUnit file begins and ends with.
#pragma once

#include <string>

namespace pugi {
class xml_document;
class xml_node;
}  // namespace pugi

namespace tidelab::report {

/// The declaration and the root, `testsuites`; `name` as it is to stand there.
pugi::xml_node begin_suites(pugi::xml_document& document, const std::string& name);

std::string text_of(const pugi::xml_document& document);

}  // namespace tidelab::report
