// Where no processor is written: which hosts are asked, and what is made of their answers.
#include "plan/processors.hpp"
#include "unit/plan/plans.hpp"

namespace tidelab::plan {

namespace {

// Its archive is by processor, and that of `bases` is not.
const char* const natives = R"(
section: natives
component: native
title: Native
default_version: 1.0.0
node: ${host}
artifacts:
  - {name: native, file: "native-${version}-${arch}.tgz", sources: [{official: "http://x/${platform}", platforms: {amd64: x64, arm64: aarch64}}]}
install:
  - unpack: {artifact: native, into: /srv/native}
)";

const char* const topology = "natives: [{host: a}, {host: b}, {host: c, arch: amd64}]\ntops: [{host: d}]\nbases: [{host: e}]";

using Said = std::vector<std::string>;

struct Fitted : Planned {
  Fitted() : Planned({bases, tops, natives}, topology) {}
  Plan plan = up();

  bool learn(Said said) { return learn_processors(world.topology, world.library.common, plan, said); }
  std::set<std::string> asked(Known known) const {
    std::set<std::string> out;
    for (const int lane : lanes_to_ask(world.topology, plan, known)) out.insert(plan.lanes[static_cast<std::size_t>(lane)].name);
    return out;
  }
  // By lane, for who says this of `host`.
  Said only(const std::string& host, const std::string& what) const {
    Said out(plan.lanes.size());
    for (std::size_t lane = 1; lane < plan.lanes.size(); ++lane)
      if (plan.lanes[lane].name == host) out[lane] = what;
    return out;
  }
  std::string archives() {
    plan = up();
    std::string out;
    for (const auto& each : plan.components)
      if (each.section == "natives") out += each.artifacts.front() + "\n";
    return out;
  }
};

}  // namespace

TEST_CASE("the plan is made for what hosts say, where nothing is written") {
  Fitted lab;
  CHECK_FALSE(lab.learn(lab.only("a", "x86_64")));
  CHECK(lab.learn(lab.only("b", "aarch64")));
  CHECK_FALSE(lab.learn(lab.only("c", "aarch64")));
  CHECK(lab.archives() == "native 1.0.0\nnative 1.0.0 arm64\nnative 1.0.0\n");
  CHECK(lab.plan.artifacts[1].file_name == "native-1.0.0-arm64.tgz");
  CHECK_FALSE(lab.learn(lab.only("b", "x86_64")));  // of one that says both, one is believed
}

TEST_CASE("what a host says that is no processor chooses nothing") {
  Fitted lab;
  for (const char* said : {"../../../evil", "riscv64", ""}) CHECK_FALSE(lab.learn(lab.only("a", said)));
  CHECK(lab.archives() == "native 1.0.0\nnative 1.0.0\nnative 1.0.0\n");
  CHECK(lab.learn(lab.only("a", "aarch64")));  // it was not believed before
}

TEST_CASE("what is known of a host does not win over what it says now") {
  Fitted lab;
  lab.world.topology.arch_found = {{"a", {"arm64"}}, {"b", {"arm64"}}};
  CHECK(lab.archives() == "native 1.0.0 arm64\nnative 1.0.0 arm64\nnative 1.0.0\n");
  CHECK(lab.learn(lab.only("b", "x86_64")));
  CHECK(lab.archives() == "native 1.0.0 arm64\nnative 1.0.0\nnative 1.0.0\n");
}

TEST_CASE("only hosts that take archives for a processor that nobody wrote are asked") {
  Fitted lab;
  const std::set<std::string> all{"a", "b", "e"};
  CHECK(lab.asked(Known::asked_again) == all);
  CHECK(lab.asked(Known::taken) == all);
  lab.world.topology.arch_found = {{"a", {"arm64"}}};
  CHECK(lab.asked(Known::asked_again) == all);
  CHECK(lab.asked(Known::taken) == std::set<std::string>{"b", "e"});
}

}  // namespace tidelab::plan
