#include "report/junit_document.hpp"

#include <sstream>

#include <pugixml.hpp>

#include "report/layout.hpp"

namespace tidelab::report {

pugi::xml_node begin_suites(pugi::xml_document& document, const std::string& name) {
  auto declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  auto root = document.append_child("testsuites");
  root.append_attribute("name") = name.c_str();
  return root;
}

void set_line(pugi::xml_node node, const char* name, const std::string& value) { node.append_attribute(name) = one_line(value).c_str(); }

pugi::xml_node add_case(pugi::xml_node suite, const std::string& name, const std::string& classname) {
  auto made = suite.append_child("testcase");
  set_line(made, "name", name);
  set_line(made, "classname", classname);
  return made;
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

}  // namespace tidelab::report
