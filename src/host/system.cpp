// A host by way of OpenSSH's client: one connection in the background (ControlMaster), and a client process for each
// command that goes over it. What the remote shell is given, and how its streams are read, is the same as over the
// built-in ssh (remote_shell.hpp), so that codes, deadlines and daemons left behind come out the same.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "host/keeper.hpp"
#include "host/local.hpp"
#include "host/quote.hpp"
#include "host/remote_shell.hpp"
#include "host/ssh_link.hpp"
#include "host/ssh_turn.hpp"
#include "host/system_client.hpp"
#include "step/thread.hpp"

namespace tidelab::host {
namespace {

using step::Clock;
using step::Why;
using namespace std::chrono_literals;
using Way = SystemClient::Way;

constexpr int kMostClients = 8;  // sshd allows 10 (MaxSessions)

/// One command's way through a client.
struct Attempt {
  explicit Attempt(std::string m) : mark(std::move(m)), out(mark), err(mark) {}
  const std::string mark;
  MarkedStream out, err;
  Output output{};
  process::Ended ended{};
  bool any_shell = false;
  bool complete() const { return out.code() && err.code(); }
  bool flooded() const { return out.flooded() || err.flooded(); }
  std::string noise() { return out.noise() + out.take_rest() + err.noise() + err.take_rest(); }
};

class System final : public Host {
public:
  explicit System(SshTarget target) : target_(std::move(target)), client_(target_) {}
  ~System() override;

  std::string name() const override { return render_target(target_); }
  Traffic traffic() const override { return {commands_, connections_, sent_, {}}; }
  Result<void> open(const Control& control) override;
  void part() override;

private:
  Result<Output> carry_out(const Command& command, const Control& control) override;
  Result<void> connect(const Control& control, std::vector<Wish>& wishes);
  Result<Output> start_master(const Control& control);
  bool alive();
  bool enter(const Control& control);
  void leave();
  Result<void> attempt(const Command& command, const Control& control, Way way, Attempt& attempt);
  Result<Output> end(const Command& command, Attempt& attempt);
  Result<Output> run_in_turn(const Command& command, const Control& control);
  Result<bool> start_again(const Command& command, const Control& control, Attempt& attempt, int& refusals);
  tl::unexpected<step::Failure> late(const Command& command, const Control& control) const;

  const SshTarget target_;
  SystemClient client_;
  std::mutex open_mutex_;
  bool open_ = false;
  std::atomic<bool> any_shell_ = false;
  std::mutex turn_mutex_;
  std::condition_variable_any turn_;
  int running_ = 0, cap_ = kMostClients;
  std::atomic<long> commands_ = 0, connections_ = 0, sent_ = 0;
  step::Thread parting_;  // last: it uses the client
};

Result<Output> run_plainly(const Command& command, const Control& control) {
  Keeper keeper(command, control);
  const auto ended = run_child(command, keeper.control(), {keeper.command().on_out, keeper.command().on_err});
  if (!ended) return tl::unexpected(ended.error());
  if (ended->by) return keeper.settle(step::fail(*ended->by, "ssh did not end in time"), "this machine");
  if (ended->problem)
    return step::fail(Why::unreachable, "OpenSSH's client is not installed here: apt-get install openssh-client, or `ssh_type: builtin`");
  return keeper.settle(Output{ended->code, {}, {}}, "this machine");
}

// Long on large machines, so it is read once, and not for each host.
const std::string& cpuinfo() {
  static const std::string text = [] {
    std::ifstream file("/proc/cpuinfo");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

Control within(std::chrono::milliseconds time) { return Control{Clock::now() + time, {}, {}}; }

System::~System() { part(); }

void System::part() {
  const std::lock_guard lock(open_mutex_);
  if (!std::exchange(open_, false)) return;
  const auto part_now = [this] { run_plainly(client_.make_control("exit"), within(5s)); };
  try {
    parting_ = step::Thread(part_now, step::nobody_is_told);
  } catch (const std::system_error&) {  // no thread is to be had
    part_now();
  }
}

bool System::alive() {
  const auto said = run_plainly(client_.make_control("check"), within(5s));
  const bool lives = said && said->code == 0;
  if (!lives) {
    const std::lock_guard lock(open_mutex_);
    open_ = false;
  }
  return lives;
}

Result<void> System::open(const Control& control) {
  const std::lock_guard lock(open_mutex_);
  if (open_) return {};
  if (!client_.usable()) return step::fail(Why::failed, "cannot make a directory in /tmp for the connection's socket");
  if (target_.config.ciphers.empty()) client_.prefer_ciphers(ciphers_for(cpuinfo(), ask_ssh_defaults(control)));
  for (;;) {
    std::vector<Wish> wishes;
    auto connected = connect(control, wishes);
    if (connected || control.stopped() || !grant(*target_.secrets, wishes, connected.error())) return connected;
  }
}

// Whoever is turned away before the other side has said who it is tries again, for as long as a connection may take.
Result<Output> System::start_master(const Control& control) {
  const process::Wake wake;
  std::atomic<bool> quit = false;
  const std::stop_callback on_stop(control.stop, [&] { quit = true, wake.ring(); });
  const Turn turn(way_of(target_), {wake, quit, std::min(control.deadline, Clock::now() + 24h)});
  if (!turn.taken()) return step::fail(control.stopped() ? Why::interrupted : Why::timed_out, "it had to wait for others");
  const auto until = Clock::now() + target_.connect_within;
  auto brief = control;
  brief.deadline = std::min(control.deadline, until + 5s);
  for (int tries = 1;; ++tries) {
    auto said = run_plainly(client_.make_master(), brief);
    if (!said || said->code == 0 || !says_turned_away(said->err)) return said;
    const auto rest = pause_after(tries);
    if (Clock::now() + rest >= until || !step::pause(brief, rest)) return said;
  }
}

Result<void> System::connect(const Control& control, std::vector<Wish>& wishes) {
  const auto said = start_master(control);
  if (!said && said.error().why == Why::interrupted)
    return step::fail(Why::interrupted, fmt::format("the connection to {} was given up because of the stop", name()));
  if (!said && said.error().why == Why::timed_out)
    return step::fail(Why::unreachable, fmt::format("{} did not finish the login in time", name()), said.error().evidence);
  if (!said) return tl::unexpected(said.error());
  if (said->code == 0) {
    open_ = true;
    ++connections_;
    return {};
  }
  std::string shown;
  auto brief = control;
  brief.deadline = std::min(control.deadline, Clock::now() + target_.connect_within + 5s);
  if (says_no_known_key(said->err))
    if (const auto look = run_plainly(client_.make_look(), brief)) shown = look->err;
  wishes = client_.read_wishes(said->err);
  return tl::unexpected(explain_refusal(target_, said->err, shown));
}

bool System::enter(const Control& control) {
  std::unique_lock lock(turn_mutex_);
  const auto until = std::min(control.deadline, Clock::now() + 24h);
  if (!turn_.wait_until(lock, control.stop, until, [&] { return running_ < cap_; })) return false;
  ++running_;
  return true;
}

void System::leave() {
  {
    const std::lock_guard lock(turn_mutex_);
    --running_;
  }
  turn_.notify_all();
}

tl::unexpected<step::Failure> System::late(const Command& command, const Control& control) const {
  const auto words = quote_argv(command.argv);
  if (control.stopped()) return step::fail(Why::interrupted, fmt::format("`{}` was not started on {} because of the stop", words, name()));
  return step::fail(Why::timed_out, fmt::format("`{}` could not be started in time on {}", words, name()));
}

Result<void> System::attempt(const Command& command, const Control& control, Way way, Attempt& attempt) {
  auto line = render_remote(command, attempt.mark);
  attempt.any_shell = any_shell_;
  if (attempt.any_shell) line = render_for_any_shell(line);
  auto client = client_.make_command(line, way);
  client.input = command.input;
  process::Ears ears;
  const auto hand_on = [](const std::string& clean, const std::function<void(std::string_view)>& listener) {
    if (!clean.empty()) listener(clean);
  };
  ears.out = [&](std::string_view bytes) { hand_on(attempt.out.feed(bytes), command.on_out); };
  ears.err = [&](std::string_view bytes) { hand_on(attempt.err.feed(bytes), command.on_err); };
  ears.may_end = [&] { return attempt.err.begun(); };  // without its pid it could not be ended over there
  ears.over = [&] { return attempt.complete() || attempt.flooded(); };
  attempt.output.began = Clock::now();
  const auto ended = run_child(client, control, ears);
  if (!ended) return tl::unexpected(ended.error());
  attempt.ended = *ended;
  sent_ += static_cast<long>(line.size()) + ended->taken;
  return {};
}

// At the deadline or the stop the client is gone already; what it started over there is not.
Result<Output> System::end(const Command& command, Attempt& attempt) {
  bool ended = true;
  if (const auto pid = attempt.err.pid(); pid != 0) {
    Attempt kill(make_mark());
    ended = this->attempt(make_ender(command, pid), within(6s), Way::alone, kill) && kill.complete() && *kill.err.code() == 0;
  }
  const auto words = quote_argv(command.argv);
  auto what = *attempt.ended.by == Why::interrupted ? fmt::format("`{}` was ended on {} because of the stop", words, name())
                                                    : fmt::format("`{}` did not end in time on {}", words, name());
  if (!ended) what += "; it could not be ended and may still run there";
  return step::fail(*attempt.ended.by, what);
}

// A command that did not begin: true when it may be tried again.
Result<bool> System::start_again(const Command& command, const Control& control, Attempt& attempt, int& refusals) {
  const auto said = attempt.noise();
  if (said.find("session request failed") != std::string::npos || said.find("Session open refused") != std::string::npos) {
    {
      // sshd gives a closed session's place free a little later; with others there, the host allows fewer than we thought.
      const std::lock_guard lock(turn_mutex_);
      if (running_ > 1) cap_ = std::max(1, std::min(cap_, running_ - 1));
    }
    if (++refusals > kRefusals)
      return step::fail(Why::unreachable, fmt::format("{} grants no session for a command (MaxSessions?)", name()), said);
    leave();
    const bool rested = step::pause(control, 50ms);
    if (!rested || !enter(control)) {
      const std::lock_guard lock(turn_mutex_);
      ++running_;  // our caller leaves
      return late(command, control);
    }
    return true;
  }
  if (!alive()) {
    if (++refusals > 1) return step::fail(Why::unreachable, fmt::format("the connection to {} broke", name()), said);
    if (auto opened = open(control); !opened) return tl::unexpected(opened.error());
    return true;
  }
  any_shell_ = true;
  if (!attempt.any_shell) return true;
  return make_no_shell(attempt.ended.code, said);
}

Result<Output> System::run_in_turn(const Command& command, const Control& control) {
  if (auto opened = open(control); !opened) return tl::unexpected(opened.error());
  for (int refusals = 0;;) {
    Attempt attempt(make_mark());
    if (auto done = this->attempt(command, control, Way::shared, attempt); !done) return tl::unexpected(done.error());
    if (attempt.complete()) {
      attempt.output.code = *attempt.out.code();
      return std::move(attempt.output);
    }
    if (attempt.ended.by) return end(command, attempt);
    if (attempt.flooded()) return make_flood(attempt.noise());
    if (attempt.err.begun() || attempt.out.begun()) {
      if (alive()) {  // the login shell was killed, with its group
        attempt.output.code = attempt.ended.code;
        return std::move(attempt.output);
      }
      return step::fail(Why::unreachable, fmt::format("the connection to {} broke while `{}` was under way: it may or may not have run",
                                                      name(), short_argv(command.argv)));
    }
    const auto again = start_again(command, control, attempt, refusals);
    if (!again) return tl::unexpected(again.error());
  }
}

Result<Output> System::carry_out(const Command& command, const Control& control) {
  if (auto can = check_runnable(command, control, name()); !can) return tl::unexpected(can.error());
  ++commands_;
  if (!enter(control)) return late(command, control);
  auto output = run_in_turn(command, control);
  leave();
  return output;
}

}  // namespace

std::unique_ptr<Host> make_system_ssh(SshTarget target) { return std::make_unique<System>(std::move(target)); }

}  // namespace tidelab::host
