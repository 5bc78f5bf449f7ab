// How a run works on a host: whose turn it is, and steps that come together.
#include "agent/turn.hpp"
#include "agent/script.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "host/quote.hpp"
#include "live/preflight_calls.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"

namespace fs = std::filesystem;
using namespace tidelab;
using namespace tidelab::shell;
using namespace std::chrono_literals;

namespace {

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
  const auto script = agent::script(
      {state}, "boot controller who ask\nact_dir 0 " + (folder.path / "made").string() + " ''\ntouch " + (folder.path / "end").string());
  for (std::size_t size = 0; size < script.size() - 2; size = size < script.size() - 200 ? size + 173 : size + 1) {
    run(*host, script.substr(0, size));
    INFO("cut after " << size << " of " << script.size() << " bytes");
    REQUIRE(fs::is_empty(folder.path));
  }
  CHECK(run(*host, script).code == 0);
  CHECK(fs::exists(folder.path / "made"));
  CHECK(fs::exists(folder.path / "end"));
}

TEST_CASE("a command with input, whose script goes along in its words, fits into one request of libssh2") {
  const std::string lab = "/home/somebody/deploy/.tidelab-a_lab";
  const auto before = "boot me 'who it is' ask\n" + agent::end_orphans_call(lab, "me-1") + "\n";
  for (const std::string call : {"act_unpack 1 key digest /opt/there 1 z", "act_file 1 /opt/there digest 644"}) {
    INFO(call);
    CHECK(host::quote(agent::script({lab, "somebody", false, lab}, before + call)).size() < 34'000);
  }
}

TEST_CASE("what an earlier run left acting is ended, and nothing else") {
  const Folder folder;
  const auto host = host::make_local();
  const auto lab = (folder.path / "lab").string(), other = (folder.path / "lab2").string();
  Started earlier(folder.path / "earlier", agent::run_mark(lab, "me-1"), waits);
  Started stubborn(folder.path / "stubborn", agent::run_mark(lab, "me-1"), deaf);
  Started ours(folder.path / "ours", agent::run_mark(lab, "me-2"), waits);
  Started guest(folder.path / "guest", agent::run_mark(lab, "you-1"), waits);  // we wait for it, so it is not an orphan
  Started another(folder.path / "another", agent::run_mark(other, "me-1"), waits);

  const auto output = run(*host, agent::script({lab}, agent::end_orphans_call(lab, "me-2") + "\necho on"));
  CHECK(output.code == 0);
  CHECK(output.out == "on\n");
  CHECK(output.err.empty());
  CHECK(::kill(static_cast<pid_t>(ours.pid()), 0) == 0);
  CHECK(::kill(static_cast<pid_t>(guest.pid()), 0) == 0);
  CHECK(::kill(static_cast<pid_t>(another.pid()), 0) == 0);
  earlier.join();
  stubborn.join();
  CHECK_FALSE(ours.over());
  CHECK_FALSE(another.over());
}

TEST_CASE("steps that come together: each looks before it acts, and none acts when one that it needs has not held") {
  const Folder folder;
  const auto host = host::make_local();
  const std::string calls = R"(
look_0() { say 0 holds 'as it must be'; }
act_0() { echo never >&2; return 1; }
turn 0
look_1() { say 1 differs ''; }
act_1() { echo 'no room' >&2; return 5; }
turn 1 0
look_2() { echo asked >&2; say 2 holds ''; }
act_2() { echo never >&2; }
turn 2 0 1
look_3() { say 3 differs ''; }
act_3() { n=0; turn_n=9; say 3 made done; exit 0; }
turn 3 0
look_4() { say 4 differs ''; }
act_4() { say 4 made "after $turn_n"; }
turn 4 3
)";
  const auto output = run(*host, agent::script({folder.path.string()}, calls));
  CHECK(output.code == 0);
  CHECK(output.out == "=0\tholds\tas it must be\n=1\tfailed\t5\n=3\tmade\tdone\n=4\tmade\tafter 4\n");
  CHECK(output.err == "=0\n=1\nno room\n=3\n=4\n");
}

TEST_CASE("a lab is one controller's until the process that its connection ends with is gone") {
  const Folder folder;
  const auto host = host::make_local();
  const auto state = folder.path / "lab";
  const auto claim = [&](const char* call, const char* controller, bool take = false) {
    return run(*host,
               agent::script({state.string()}, fmt::format("{} {} && echo in", call,
                                                           agent::claim_words({controller, std::string("run of ") + controller, take}))));
  };
  CHECK(claim("claim", "b").code == 0);  // nothing to claim before the lab is there
  CHECK_FALSE(fs::exists(state));
  CHECK(claim("boot", "a").out == "in\n");
  CHECK(claim("boot", "a").out == "in\n");  // the same controller again

  for (const auto* call : {"claim", "boot"}) {
    const auto refused = claim(call, "b");
    CHECK(refused.code == agent::is_held);
    CHECK(refused.err.starts_with("run of a"));
    CHECK(refused.out.empty());
  }
  CHECK(claim("claim", "b", true).out == "in\n");
  CHECK(claim("claim", "a").code == agent::is_held);

  // The pid is there, but it is another process now.
  std::string pid, since, rest;
  std::ifstream(state / "lock") >> pid >> since;
  CHECK(pid == std::to_string(::getpid()));
  std::ofstream(state / "lock") << pid << " 1\nb\nrun of b\n";
  CHECK(claim("claim", "a").out == "in\n");
}

TEST_CASE("whoever makes the lab's directory on a host holds the lab from that moment") {
  const Folder folder;
  const auto host = host::make_local();
  // Alone in a directory that is there, and with one on the way to it.
  for (const auto& state : {folder.path / "lab", folder.path / "way" / "lab"}) {
    CAPTURE(state.string());
    CHECK(run(*host, agent::script({state.string()}, "make_state a 'run of a' && echo in")).out == "in\n");
    const auto late = run(*host, agent::script({state.string()}, "boot b 'run of b' ask && echo in"));
    CHECK(late.code == agent::is_held);
    CHECK(late.err.starts_with("run of a"));
    CHECK(run(*host, agent::script({state.string()}, "boot a 'run of a' ask && echo in")).out == "in\n");
  }
}

TEST_CASE("a lab is not claimed for a look that finds all as it must be, but where somebody works on it, or comes meanwhile") {
  const Folder folder;
  const auto host = host::make_local();
  const auto state = folder.path / "state";
  run(*host, agent::script({state}, "boot b 'run of b' ask"));
  const auto held_by_nobody = [&](int since) { return fmt::format("printf '1 {}\\nb\\nrun of b\\n' > {}/lock\n", since, state.string()); };
  const auto there = fmt::format("look_dir 0 {} ''\n", folder.path.string());
  const auto look = [&](const std::string& looks) {
    const auto rest = "claim a 'run of a' ask\n" + agent::unless_settled(1, "echo facts\n");
    return run(*host, agent::script({state}, agent::looks_function(looks) + agent::settled_unclaimed(1, state, "a-1") + rest));
  };
  const auto holder = [&] {
    std::ifstream in(state / "lock");
    std::string line;
    std::getline(in, line) && std::getline(in, line);
    return line;
  };
  CHECK(look(there).code == agent::is_held);  // the process that holds it is this one

  run(*host, held_by_nobody(1));
  CHECK(look(there).out == "=0\tholds\t\nunclaimed\nsettled\nend\n");
  CHECK(holder() == "b");

  CHECK(look(fmt::format("look_dir 0 {}/missing ''\n", folder.path.string())).out.ends_with("facts\n"));
  CHECK(holder() == "a");

  // Somebody who claims it while we look may have changed what we have seen: so we look again, and with a claim of ours.
  run(*host, held_by_nobody(1));
  const auto somebody_comes = "[ -n \"${again:-}\" ] || " + held_by_nobody(2) + "again=y\n";
  CHECK(look(there + somebody_comes).out == "=0\tholds\t\n=0\tholds\t\nsettled\nend\n");
  CHECK(holder() == "a");

  // And what an earlier run left acting may be about to change it.
  run(*host, held_by_nobody(1));
  Started earlier(folder.path / "earlier", agent::run_mark(state, "a-0"), waits);
  CHECK(look(there).out.find("unclaimed") == std::string::npos);
  CHECK(holder() == "a");
  run(*host, fmt::format("kill {}", earlier.pid()));
  earlier.join();
}

TEST_CASE("what a clock is compared by counts from before the first look, claimed or not") {
  const Folder folder;
  const auto host = host::make_local();
  const auto state = folder.path / "state";
  // Until a tenth of a second has passed by the clock that is read, which has hundredths.
  const std::string slow =
      "read -r from rest < /proc/uptime; until read -r now rest < /proc/uptime; [ $((${now%.*}${now#*.} - ${from%.*}${from#*.})) -ge 10 ]; "
      "do :; done\n";
  const auto rest = agent::unless_settled(1, live::preflight_calls({{}, {}, {}}, true));
  const auto script = agent::looks_function(slow) + agent::settled_unclaimed(1, state, "a-1") + rest;
  const auto facts = preflight::read_facts(run(*host, agent::script({state}, script)).out);
  CHECK(facts.complete);
  CHECK(facts.before_clock >= 200ms);
  CHECK(facts.clock_begin);
}

TEST_CASE("where all steps are as they must be nothing else is looked at") {
  const Folder folder;
  const auto host = host::make_local();
  const auto look = [&](std::size_t count, const std::string& looks) {
    const auto facts = live::preflight_calls({{folder.path.string()}, {}, {}}, true);
    return preflight::read_facts(
        run(*host, agent::script({(folder.path / "state").string()}, agent::looks_function(looks) + agent::unless_settled(count, facts)))
            .out);
  };
  const auto there = fmt::format("look_dir 0 {} ''\n", folder.path.string());
  const auto missing = fmt::format("look_dir 1 {} ''\n", (folder.path / "missing").string());
  CHECK(look(1, there).settled);
  CHECK(look(1, there).complete);
  for (const auto& [count, looks] : {std::pair(2U, there + missing), std::pair(2U, there)}) {  // the second: one said nothing at all
    const auto facts = look(count, looks);
    CHECK(facts.complete);
    CHECK_FALSE(facts.settled);
    REQUIRE(facts.dirs.size() == 1);
    CHECK(facts.dirs[0].existing == folder.path);
    CHECK(facts.clock_begin);
    CHECK(facts.memory_total.value_or(0) > 0);
    CHECK(facts.files_of_init.value_or(0) > 0);
    CHECK(facts.uid == static_cast<long>(::geteuid()));
  }
}

TEST_CASE("a program is asked whether it accepts its configuration, and what it says is told") {
  const Folder folder;
  const auto host = host::make_local();
  const auto asked = [&](const std::string& check, const std::string& pattern) {
    return run(*host, agent::script({folder.path.string()}, fmt::format("accepted {} {}", host::quote(check), host::quote(pattern))));
  };
  CHECK(asked("", "").code == 0);
  CHECK(asked("exit 1", "").err == "it does not accept its configuration: it ended with 1\n\n");
  const auto fine = asked("echo all is well; echo 'as it is' >&2", "odd|bad");
  CHECK(fine.code == 0);
  CHECK(fine.out + fine.err == "");
  const auto refused = asked("echo; echo one 1; echo; echo '  two' >&2; exit 3", "");
  CHECK(refused.code == 1);
  CHECK(refused.err == "it does not accept its configuration: one 1   two\none 1\n  two\n");
  CHECK(asked("echo this is bad", "odd|bad").err == "it does not accept its configuration: this is bad\nthis is bad\n");
  const auto flood = asked("i=0; while [ $i -lt 3000 ]; do echo line; i=$((i + 1)); done; echo the end; exit 1", "");
  CHECK(flood.err.size() < 5000);
  CHECK(flood.err.ends_with("the end\n"));
}
