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

/// Sets an attribute to a text of one line. pugixml writes control characters as references that no XML 1.0 reader takes: they are
/// left out here.
void set_line(pugi::xml_node node, const char* name, const std::string& value);

pugi::xml_node add_case(pugi::xml_node suite, const std::string& name, const std::string& classname);

std::string text_of(const pugi::xml_document& document);

}  // namespace tidelab::report
