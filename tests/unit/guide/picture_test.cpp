#include "guide/picture.hpp"

#include "unit/guide/world.hpp"

namespace tidelab::guide {

namespace {

constexpr auto two_hosts = R"(
fronts: [{host: a, label: x}, {host: b, port: 7010, label: y}]
backs: [{host: b}]
ways: [{name: w}]
)";

Picture paint(Lab& lab, const std::string& text) {
  lab.read(text);
  auto picture = make_picture(lab.topology, lab.diagnostics);
  CHECK(lab.complaints() == "");
  return picture;
}

}  // namespace

TEST_CASE("each host is a box, with what runs on it") {
  Lab lab;
  const auto picture = paint(lab, two_hosts);
  REQUIRE(picture.boxes.size() == 2);
  CHECK(picture.boxes[0].host == "a");
  CHECK(picture.boxes[1].parts.size() == 2);
  CHECK(picture.boxes[0].parts[0].title == "Front <end>");
  CHECK(picture.boxes[0].parts[0].version == "1.0.0");
  SECTION("with the ports of its version only") { CHECK(picture.boxes[0].parts[0].lines == std::vector<std::string>{"port 7000"}); }
}

TEST_CASE("localhost and 127.0.0.1 are one box") {
  Lab lab;
  CHECK(paint(lab, "fronts: [{host: localhost, label: x}]\nbacks: [{host: 127.0.0.1}]\n").boxes.size() == 1);
}

TEST_CASE("a hop leads from where the one before it led") {
  Lab lab;
  const auto picture = paint(lab, two_hosts);
  REQUIRE(picture.legs.size() == 3);
  CHECK(picture.legs[0].lines == std::vector<std::string>{"in by w", ":7000, :7010"});
  CHECK(picture.legs[0].from.empty());
  CHECK(picture.legs[0].to.size() == 2);
  CHECK(picture.legs[1].from == picture.legs[0].to);
  CHECK(picture.legs[1].lines == std::vector<std::string>{"on", "and on", ":7100"});
  CHECK(picture.legs[2].to.empty());
  CHECK(picture.legs[2].lines == std::vector<std::string>{"out", ":7000, :7010"});
}

TEST_CASE("of several ways each hop says whose it is") {
  Lab lab;
  const auto picture = paint(lab, std::string(two_hosts) + "    \n");
  CHECK(picture.legs[0].lines.front() == "in by w");
  Lab other;
  const auto both = paint(other, "fronts: [{host: a, label: x}]\nbacks: [{host: b}]\nways: [{name: v}, {name: w}]\n");
  REQUIRE(both.legs.size() == 6);
  CHECK(both.legs[0].lines.front() == "v");
  CHECK(both.legs[3].lines.front() == "w");
}

TEST_CASE("who needs each other is one arrow, between those of one host if there are such") {
  Lab lab;
  const auto picture = paint(lab, two_hosts);
  REQUIRE(picture.needs.size() == 1);
  CHECK(picture.needs[0].mutual);
  CHECK(picture.needs[0].from == 1);
  CHECK(picture.needs[0].to == 2);
}

TEST_CASE("without a way there are boxes and needs, in columns") {
  Lab lab;
  const auto picture = paint(lab, "fronts: [{host: a, label: x}]\nbacks: [{host: b}]\n");
  CHECK(picture.legs.empty());
  CHECK(picture.columns.size() == 2);
  CHECK(render_dot(picture).find("numbered") == std::string::npos);
}

TEST_CASE("what is left alone is drawn, and says so") {
  Lab lab;
  const auto picture = paint(lab, std::string(two_hosts) + "guests: [{host: a}]\n");
  REQUIRE(picture.boxes[0].parts.size() == 2);
  CHECK(picture.boxes[0].parts[1].left_alone);
  CHECK(render_dot(picture).find(">left alone<") != std::string::npos);
}

TEST_CASE("no text leaves its label") {
  Picture picture;
  picture.title = "\"]; a -> b; <x>&\n";
  picture.boxes.push_back({"h\"<", {Part{0, "s", "t<b>", "1&2", {"p \"1\"\n"}}}});
  picture.legs.push_back({"1", {"<script>"}, {}, {0}});
  const auto dot = render_dot(picture);
  CHECK(dot.find("&quot;]; a -&gt; b; &lt;x&gt;&amp; ") != std::string::npos);
  CHECK(dot.find("t&lt;b&gt;") != std::string::npos);
  CHECK(dot.find("<script>") == std::string::npos);
  SECTION("and one without a text is none of nothing, which Graphviz refuses") {
    picture.boxes[0].parts[0].version = "";
    CHECK(render_dot(picture).find("<font point-size=\"10\">&#160;</font>") != std::string::npos);
  }
}

}  // namespace tidelab::guide
