// A picture as Graphviz DOT. Names are numbers and every text stands in an HTML-like label, so that nothing that a
// topology says can end a string or begin a statement.
#include <fmt/format.h>

#include "guide/picture.hpp"

namespace tidelab::guide {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      // Elsewhere a topology's controls are refused; a tab or a line's end can be in a quoted text.
      default: out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out.empty() ? "&#160;" : out;  // nothing between two tags is a syntax error there
}

std::string row(const std::string& text, const char* align, int size) {
  return fmt::format("<tr><td align=\"{}\"><font point-size=\"{}\">{}</font></td></tr>", align, size, escaped(text));
}

void add_part(std::string& out, const Part& part) {
  out += fmt::format(
      "    p{} [label=<<table border=\"1\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"3\" bgcolor=\"white\" style=\"rounded\">"
      "<tr><td align=\"left\"><b>{}</b> <font point-size=\"10\">{}</font></td></tr>",
      part.id, escaped(part.title), escaped(part.version));
  if (part.left_alone) out += row("left alone", "left", 10);
  for (const auto& each : part.lines) out += row(each, "left", 10);
  out += "</table>>];\n";
}

void add_boxes(std::string& out, const Picture& picture) {
  int number = 0;
  for (const auto& box : picture.boxes) {
    out += fmt::format(
        "  subgraph cluster_{} {{\n    label=<<b>{}</b>>; labeljust=l; fontsize=13; style=\"rounded,filled\"; fillcolor=\"#f0f0f0\"; "
        "color=\"#606060\"; margin=10;\n",
        number++, escaped(box.host));
    for (const auto& each : box.parts) add_part(out, each);
    out += "  }\n";
  }
}

void add_leg(std::string& out, const Leg& leg, std::size_t id) {
  out += fmt::format("  h{} [label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"2\"><tr><td><b>{}</b></td></tr>",
                     id, escaped(leg.number));
  for (const auto& each : leg.lines) out += row(each, "center", 11);
  out += "</table>>];\n";
  // An arrow has its head where data arrives; what leads to a label in its middle has none. At the sides of the label
  // arrows come together, so that they cross neither its text nor what stands above and below it.
  for (const int each : leg.from)
    out += fmt::format("  p{} -> h{} [penwidth=2, weight=4, headport=w{}];\n", each, id, leg.to.empty() ? "" : ", arrowhead=none");
  for (const int each : leg.to) out += fmt::format("  h{} -> p{} [penwidth=2, weight=4, tailport=e];\n", id, each);
}

void add_columns(std::string& out, const Picture& picture) {
  for (const auto& column : picture.columns) {
    if (column.size() < 2) continue;
    out += "  {rank=same;";
    for (const int each : column) out += fmt::format(" p{};", each);
    out += "}\n";
  }
}

// What is needed stands to the left of who needs it, next to it where it can; the way of the data is never bent for that.
void add_need(std::string& out, const Need& need) {
  const bool forward = need.to_on_way;
  out += fmt::format("  p{} -> p{} [style=dashed, color=\"#707070\", penwidth=0.9, arrowsize=0.6{}{}];\n", forward ? need.from : need.to,
                     forward ? need.to : need.from,
                     need.mutual ? ", dir=both"
                     : forward   ? ""
                                 : ", dir=back",
                     need.from_on_way && need.to_on_way ? ", constraint=false" : "");
}

}  // namespace

std::string render_dot(const Picture& picture) {
  std::string out =
      "digraph lab {\n  graph [rankdir=LR, newrank=true, splines=true, nodesep=0.2, ranksep=0.6, pad=0.3, bgcolor=white, labelloc=t, ";
  out += fmt::format(
      "fontname=\"Helvetica,Arial,sans-serif\", label=<<table border=\"0\" cellborder=\"0\"><tr><td><font point-size=\"20\"><b>{}"
      "</b></font></td></tr>",
      escaped(picture.title));
  std::string legend;
  if (!picture.legs.empty()) legend = "solid, numbered: the way of a row";
  if (!picture.needs.empty())
    legend += (legend.empty() ? std::string() : std::string("; ")) + "dashed: needs, drawn once for each kind of server";
  if (!legend.empty()) out += row(legend, "center", 11);
  out +=
      "</table>>];\n"
      "  node [shape=plain, fontname=\"Helvetica,Arial,sans-serif\", fontsize=12];\n"
      "  edge [color=\"#101010\"];\n";
  add_boxes(out, picture);
  for (std::size_t i = 0; i < picture.legs.size(); ++i) add_leg(out, picture.legs[i], i);
  add_columns(out, picture);
  for (const auto& each : picture.needs) add_need(out, each);
  return out + "}\n";
}

}  // namespace tidelab::guide
