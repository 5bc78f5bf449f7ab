// A plan as text, and the masking of secrets.
#include "unit/plan/plans.hpp"

using namespace tidelab;
using namespace tidelab::plan;

TEST_CASE("a plan for a person") {
  Planned p({bases, tops}, "global: {ssh_type: none, lab: l}\nbases: [{host: a}]\ntops: [{host: b}]\n");
  auto plan = p.up();
  plan.notes = {"beware"};
  CHECK(render_text(plan) ==
        "plan `up` for lab l (lab.yaml): 7 steps on 2 hosts\n"
        "note: beware\n"
        "\nartifacts\n"
        "  base 1.0.0                   from official, then assembled\n"
        "\nBase a:7000, version 1.0.0\n"
        "   1. dir /srv/base-7000\n"
        "   2. unpack base 1.0.0 into /srv/base-7000   [after 1]\n"
        "   3. dir /elsewhere\n"
        "   4. file /srv/base-7000/conf/f   [after 1,2]\n"
        "   5. service base-7000   [after 1,2,3,4]\n"
        "   6. wait for tcp a:7000   [after 5]\n"
        "\nTop b, version 1.0.0\n"
        "   7. service top   [after 6]\n");
}

TEST_CASE("secrets of the topology are masked") {
  Planned p({bases}, "global: {ssh_type: none}\nbases: [{host: a, password: hunter2}]\n");
  auto plan = p.up();
  CHECK(plan.secrets == std::vector<std::string>{"hunter2"});
  plan.steps[0].title = "dir hunter2";
  CHECK(render_text(plan).find("hunter2") == std::string::npos);
}

TEST_CASE("mask") {
  CHECK(mask("a pass b pass", {"pass"}) == "a *** b ***");
  CHECK(mask("x", {""}) == "x");
  CHECK(mask("hunter2long", {"hunter2", "hunter2long"}) == "***");  // no tail stays behind
  CHECK(mask("p: \"a\\\"b\"", {"a\"b"}) == "p: \"***\"");           // as it stands in a JSON string
  CHECK(mask("aaa", {"a"}) == "*********");
  CHECK(mask("a*b", {"*"}) == "a***b");
}
