#include "report/junit_document.hpp"

#include <sstream>

#include <pugixml.hpp>

namespace tidelab::report {

pugi::xml_node begin_suites(pugi::xml_document& document, const std::string& name) {
  auto declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  auto root = document.append_child("testsuites");
  root.append_attribute("name") = name.c_str();
  return root;
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

}  // namespace tidelab::report
