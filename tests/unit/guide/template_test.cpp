#include "guide/template.hpp"

#include "support/catch.hpp"
#include "support/written.hpp"

namespace tidelab::guide {

namespace {

constexpr auto text = R"(title: two brokers
hosts: [10.0.0.1, 10.0.0.2, 10.0.0.3]
least: 2
roles:
  broker: [1, 2]
  front: [3]
user: lab
dir: /opt/x
---
# ${dir} belongs to ${user}
a: {user: ${user}, type: ${ssh_type}}
brokers: [${broker.1}, ${broker.2}]
fronts: [${front.1}]
literal: $${x}
)";

struct Read : support::Written {
  explicit Read(const std::string& words = text) : Written(words, "templates/two.yaml"), made(read_template(file, diagnostics)) {}
  std::string filled(const Wishes& wishes = {}) { return fill(made, wishes, diagnostics); }
  Template made;
};

}  // namespace

TEST_CASE("a template without wishes is filled with what it says itself") {
  Read read;
  CHECK(read.made.name == "two");
  CHECK(read.made.title == "two brokers");
  CHECK(read.filled() ==
        "# /opt/x belongs to lab\na: {user: lab, type: builtin}\nbrokers: [10.0.0.1, 10.0.0.2]\nfronts: [10.0.0.3]\nliteral: ${x}\n");
  CHECK(read.complaints() == "");
}

TEST_CASE("hosts are taken in order, and round when they are fewer") {
  Read read;
  CHECK(read.filled({{"a", "b"}, {}, "", ""}).find("brokers: [a, b]\nfronts: [a]") != std::string::npos);
}

TEST_CASE("a role goes where it is told to, whatever the hosts are") {
  Read read;
  const auto filled = read.filled({{"a", "b"}, {{"broker", {"x"}}}, "", ""});
  CHECK(filled.find("brokers: [x, x]\nfronts: [a]") != std::string::npos);
}

TEST_CASE("when everything is on this machine no ssh is asked for") {
  Read read;
  CHECK(read.filled({{"127.0.0.1", "localhost"}, {}, "", ""}).find("type: none") != std::string::npos);
  CHECK(read.filled({{"127.0.0.1", "b"}, {}, "", ""}).find("type: builtin") != std::string::npos);
}

TEST_CASE("an address that YAML would misread is quoted") {
  Read read;
  CHECK(read.filled({{"::1", "fe80::"}, {}, "", ""}).find("brokers: [\"::1\", \"fe80::\"]") != std::string::npos);
}

TEST_CASE("user and directory") {
  Read read;
  CHECK(read.filled({{}, {}, "me", "/srv/"}).find("# /srv belongs to me\n") != std::string::npos);
}

TEST_CASE("wishes that cannot be met are told, all of them") {
  Read read;
  const auto wrong = faults(read.made, {{"a:22"}, {{"broke", {"b"}}}, "a b", "rel"});
  REQUIRE(wrong.size() == 5);
  CHECK(wrong[0].find("`a:22` is not a host") != std::string::npos);
  CHECK(wrong[1].find("did you mean `broker`?") != std::string::npos);
  CHECK(wrong[2].find("at least 2 hosts, and 1 is given") != std::string::npos);
  CHECK(wrong[3].find("`a b` is not an account") != std::string::npos);
  CHECK(wrong[4].find("`rel` is not a directory") != std::string::npos);
  CHECK(faults(read.made, {}).empty());
  SECTION("nothing that is more than an address gets into the file") {
    for (const auto* each : {"", "a b", "a\nb: c", "-oX", "a#b", "a,b"}) CHECK(faults(read.made, {{each, "b"}, {}, "", ""}).size() == 1);
  }
}

TEST_CASE("a head that says something impossible is told with its place") {
  CHECK(Read("title: x\n").brief().find("G001 1:1 a template begins with a head") != std::string::npos);
  Read bad("title: x\nhosts: [a]\nuser: u\ndir: /d\nroles: {r: [2]}\n---\na: b\n");
  CHECK(bad.brief() == "Y011 5:13 a host's number must be from 1 to 1, found `2`");
  CHECK(Read("hosts: [a]\nuser: u\ndir: /d\n---\n").brief() == "G001 1:1 the head of a template says `title`");
}

TEST_CASE("a name that the text uses and nobody gives is told with its line") {
  Read read("title: x\nhosts: [a]\nuser: u\ndir: /d\n---\na: b\nc: ${nobody.1}\n");
  (void)read.filled();
  CHECK(read.brief().find("T030 7:") != std::string::npos);
}

}  // namespace tidelab::guide
