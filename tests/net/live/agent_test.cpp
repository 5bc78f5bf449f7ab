// The agent's script as a shell of this machine runs it.
#include "live/agent.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "host/host.hpp"

namespace fs = std::filesystem;
using namespace tidelab;
using namespace std::chrono_literals;

namespace {

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "tidelab-agent-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
};

step::Control within(std::chrono::seconds limit) { return {step::Clock::now() + limit, {}, {}}; }

host::Output run(host::Host& host, const std::string& script) {
  host::Command command;
  command.argv = {"sh", "-s"};
  command.input.text = script;
  const auto output = host.run(command, within(60s));
  REQUIRE(output);
  return *output;
}

/// A command that a run with this mark started; `ready` holds its pid once it acts.
class Started {
public:
  Started(const fs::path& ready, const std::pair<std::string, std::string>& mark, const std::string& body) : ready_(ready) {
    command_.argv = {"sh", "-c", body, "sh", ready.string()};
    command_.env = {mark};
    thread_ = std::jthread([this](const std::stop_token& stop) {
      ended_ = static_cast<bool>(host_->run(command_, {step::Clock::now() + 120s, stop, {}}));
      over_ = true;
    });
    while (pid() == 0) std::this_thread::yield();
  }
  long pid() const {
    std::ifstream in(ready_);
    long pid = 0;
    std::string whole;
    std::getline(in, whole);
    return in.eof() ? 0 : (std::istringstream(whole) >> pid, pid);
  }
  bool over() const { return over_; }
  void join() { thread_.join(); }

private:
  fs::path ready_;
  std::unique_ptr<host::Host> host_ = host::make_local();
  host::Command command_;
  std::atomic<bool> over_ = false, ended_ = false;
  std::jthread thread_;
};

constexpr auto waits = "echo $$ > \"$1\"; while :; do sleep 1; done";
constexpr auto deaf = "trap '' TERM; echo $$ > \"$1\"; while :; do sleep 1; done";

}  // namespace

TEST_CASE("a script that arrives in part does nothing at all") {
  const Folder folder;
  const auto host = host::make_local();
  const auto state = (folder.path / "state").string();
  const auto script =
      live::agent_script(state, "", "boot\nact_dir 0 " + (folder.path / "made").string() + " ''\ntouch " + (folder.path / "end").string());
  for (std::size_t size = 0; size < script.size() - 2; size = size < script.size() - 200 ? size + 173 : size + 1) {
    run(*host, script.substr(0, size));
    INFO("cut after " << size << " of " << script.size() << " bytes");
    REQUIRE(fs::is_empty(folder.path));
  }
  CHECK(run(*host, script).code == 0);
  CHECK(fs::exists(folder.path / "made"));
  CHECK(fs::exists(folder.path / "end"));
}

TEST_CASE("what an earlier run left acting is ended, and nothing else") {
  const Folder folder;
  const auto host = host::make_local();
  const auto lab = (folder.path / "lab").string(), other = (folder.path / "lab2").string();
  Started earlier(folder.path / "earlier", live::run_mark(lab, "1"), waits);
  Started stubborn(folder.path / "stubborn", live::run_mark(lab, "1"), deaf);
  Started ours(folder.path / "ours", live::run_mark(lab, "2"), waits);
  Started another(folder.path / "another", live::run_mark(other, "1"), waits);

  const auto output = run(*host, live::agent_script(lab, "", live::end_orphans_call(lab, "2") + "\necho on"));
  CHECK(output.code == 0);
  CHECK(output.out == "on\n");
  CHECK(output.err.empty());
  CHECK(::kill(static_cast<pid_t>(ours.pid()), 0) == 0);
  CHECK(::kill(static_cast<pid_t>(another.pid()), 0) == 0);
  earlier.join();
  stubborn.join();
  CHECK_FALSE(ours.over());
  CHECK_FALSE(another.over());
}
