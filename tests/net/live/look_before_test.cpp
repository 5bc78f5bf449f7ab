// What a run finds before it begins, on hosts that are all this machine.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>

#include "live/live.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"

namespace fs = std::filesystem;
using namespace tidelab;
using namespace std::chrono_literals;

namespace {

/// This machine, where something happens before each command; counted from 1.
class Eventful final : public host::Host {
public:
  explicit Eventful(std::function<void(int)> before) : before_(std::move(before)) {}
  std::string name() const override { return "this machine"; }
  host::Traffic traffic() const override { return {}; }

private:
  host::Result<host::Output> carry_out(const host::Command& command, const step::Control& control) override {
    before_(++commands_);
    return host_->run(command, control);
  }
  std::unique_ptr<host::Host> host_ = host::make_local();
  std::function<void(int)> before_;
  std::atomic<int> commands_ = 0;
};

/// Two hosts with a directory each that a lab wants.
class TwoHosts {
public:
  TwoHosts() {
    plan.lanes = {{"controller", 0, {}, {}},
                  {"one", 0, {}, (folder_.path / "state-one").string()},
                  {"two", 0, {}, (folder_.path / "state-two").string()}};
    for (int lane : {1, 2}) {
      plan::Step step;
      step.id = lane - 1;
      step.lane = lane;
      step::Dir wanted;
      wanted.path.value = dir(lane).string();
      step.action = wanted;
      plan.steps.push_back(step);
    }
  }

  fs::path dir(int lane) const { return folder_.path / ("wanted-" + std::to_string(lane)); }
  fs::path lock(int lane) const { return fs::path(plan.lanes[static_cast<std::size_t>(lane)].state_dir) / "lock"; }

  live::Setup setup(std::function<void(int)> before_one) {
    live::Setup out;
    out.hosts.push_back(host::make_local());
    out.hosts.push_back(std::make_unique<Eventful>([this, before_one](int command) {
      ++commands;
      before_one(command);
    }));
    out.hosts.push_back(std::make_unique<Eventful>([this](int) { ++commands; }));
    out.users.resize(3);
    out.of_user.resize(3);
    out.run = "me-1";
    out.claim = {"me", "a run of mine", false};
    return out;
  }

  plan::Plan plan;
  std::atomic<int> commands = 0;

private:
  shell::Folder folder_;
};

}  // namespace

TEST_CASE("where all is as it must be one command a host says so, and nothing is claimed") {
  TwoHosts lab;
  for (int lane : {1, 2}) fs::create_directory(lab.dir(lane));
  auto setup = lab.setup([](int) {});
  const auto looks = live::look_before(lab.plan, setup, shell::within(60s));
  CHECK(lab.commands == 2);
  for (int lane : {1, 2}) {
    CHECK(looks[static_cast<std::size_t>(lane)].facts.settled);
    CHECK(setup.looked.at(lane - 1).state == run::Looked::State::holds);
  }
  CHECK_FALSE(setup.settled);  // whatever is asked after all claims it first
}

TEST_CASE("who only looks sees whether all is as it must be, with all else that there is to see, and claims nothing") {
  TwoHosts lab;
  fs::create_directory(lab.dir(1));
  auto setup = lab.setup([](int) {});
  setup.run.clear();
  const auto looks = live::look_before(lab.plan, setup, shell::within(60s), true);
  CHECK(lab.commands == 2);
  CHECK(looks[1].holds);
  CHECK_FALSE(looks[2].holds);
  for (int lane : {1, 2}) {
    CHECK_FALSE(looks[static_cast<std::size_t>(lane)].facts.settled);
    CHECK_FALSE(looks[static_cast<std::size_t>(lane)].facts.processor.empty());
    CHECK_FALSE(fs::exists(lab.lock(lane)));
  }
  CHECK_FALSE(live::look_before(lab.plan, setup, shell::within(60s))[1].holds);  // nobody looked
}

TEST_CASE("hosts are asked for their processors in one command each, which claims nothing") {
  TwoHosts lab;
  auto setup = lab.setup([](int) {});
  const auto said = live::ask_processors(lab.plan, setup, {1}, shell::within(60s));
  CHECK(lab.commands == 1);
  REQUIRE(said.size() == 3);
  CHECK_FALSE(said[1].empty());
  CHECK(said[0] + said[2] == "");
  CHECK_FALSE(fs::exists(lab.lock(1)));
  CHECK(setup.run == "me-1");
}

TEST_CASE("what was seen of a host before it was claimed is looked at again when another host is to be changed") {
  TwoHosts lab;
  fs::create_directory(lab.dir(1));
  const auto somebody = [&](int command) {  // had the lab between our two looks, and is gone
    if (command == 2) fs::remove(lab.dir(1));
  };
  auto setup = lab.setup(somebody);
  const auto looks = live::look_before(lab.plan, setup, shell::within(60s));
  CHECK(lab.commands == 3);
  for (int lane : {1, 2}) {
    CHECK(looks[static_cast<std::size_t>(lane)].facts.complete);
    CHECK_FALSE(looks[static_cast<std::size_t>(lane)].facts.settled);
    CHECK(setup.looked.at(lane - 1).state == run::Looked::State::differs);
  }
  CHECK(setup.settled);
}

TEST_CASE("a plan with more than looks claims its lab first") {
  TwoHosts lab;
  plan::Step wait;
  wait.id = 2;
  wait.lane = 0;
  wait.changes = false;
  wait.action = step::Sql{};
  lab.plan.steps.push_back(wait);
  for (int lane : {1, 2}) {
    fs::create_directory(lab.dir(lane));
    fs::create_directory(lab.lock(lane).parent_path());
    std::ofstream(lab.lock(lane).parent_path() / "owned") << "dir /somewhere\n";
  }
  auto setup = lab.setup([](int) {});
  const auto looks = live::look_before(lab.plan, setup, shell::within(60s));
  CHECK(lab.commands == 2);
  for (int lane : {1, 2}) {
    CHECK(looks[static_cast<std::size_t>(lane)].facts.settled);
    CHECK(fs::exists(lab.lock(lane)));
  }
  CHECK(setup.settled);
}
