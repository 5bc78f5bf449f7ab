// sudo's password, asked for when sudo turns out to want one: what a host would answer is played here.
#include <algorithm>

#include "host/host.hpp"
#include "support/catch.hpp"

using namespace tidelab::host;
using namespace std::chrono_literals;
using tidelab::step::Clock;

namespace {

/// A host whose sudo wants the password "right", and never remembers that it had it.
struct Played final : Host {
  explicit Played(std::vector<Clock::time_point>& d) : deadlines(d) {}

  Result<Output> carry_out(const Command& command, const Control& control) override {
    deadlines.push_back(control.deadline);
    const auto& argv = command.argv;
    const auto has = [&](const char* word) { return std::find(argv.begin(), argv.end(), word) != argv.end(); };
    if (has("-n")) return answer(command, 1, {}, "sudo: a password is required\n");
    const auto password = command.input.lead.substr(0, command.input.lead.find('\n'));
    const std::string wrong = "sudo: 1 incorrect password attempt\n";
    if (has("-v")) return command.input.text == "right\n" ? Output{} : answer(command, 1, {}, wrong);
    if (password != "right") return answer(command, 1, {}, wrong);
    const auto rest = command.input.lead.substr(password.size() + 1);
    return answer(command, 0, "done", rest + "own\nwords");  // the mark, as the script there says it
  }
  // A letter at a time, where somebody listens.
  static Output answer(const Command& command, int code, const std::string& out, const std::string& err) {
    if (!command.on_err) return {code, out, err};
    for (const char& c : err) command.on_err({&c, 1});
    return {code, out, {}};
  }
  std::string name() const override { return "ops@played"; }
  Traffic traffic() const override { return {}; }

  std::vector<Clock::time_point>& deadlines;
};

/// Thinks for a while, then says the next word.
struct Slow final : Secrets {
  std::string find(const Lock&) override { return said; }
  tl::expected<void, std::string> ask(const Lock& lock, const std::string& refused) override {
    asked.push_back(lock.name + "|" + refused);
    if (words.empty()) return tl::unexpected(std::string("nobody is there"));
    for (const auto until = Clock::now() + thinks; Clock::now() < until;) continue;
    said = words.front();
    words.erase(words.begin());
    return {};
  }

  std::vector<std::string> words, asked;
  std::string said;
  std::chrono::milliseconds thinks{150};
};

const Command as_root{{"sudo", "-n", "true"}, {}, {}, {}, {}};

}  // namespace

TEST_CASE("a person is asked for sudo's password, and the command has its time all the same") {
  std::vector<Clock::time_point> deadlines;
  Slow person;
  person.words = {"guess", "right"};
  const auto host = make_sudo(std::make_unique<Played>(deadlines), person, {Lock::Kind::sudo, "ops@played"});
  Control control;
  control.deadline = Clock::now() + 100ms;
  const auto output = host->run(as_root, control);
  REQUIRE(output);
  CHECK(output->out == "done");
  CHECK(output->err == "own\nwords");
  CHECK(person.asked == std::vector<std::string>{"ops@played|", "ops@played|guess"});
  // Without a password, twice to try one, and with it.
  REQUIRE(deadlines.size() == 4);
  CHECK(deadlines[0] < control.deadline + 50ms);
  CHECK(deadlines[3] >= control.deadline + 2 * person.thinks);
  REQUIRE(host->run(as_root, control));
  CHECK(person.asked.size() == 2);
  CHECK(deadlines.size() == 5);
}

TEST_CASE("who hears stderr hears what is behind sudo's own words") {
  std::vector<Clock::time_point> deadlines;
  Slow person;
  person.words = {"right"};
  const auto host = make_sudo(std::make_unique<Played>(deadlines), person, {Lock::Kind::sudo, "ops@played"});
  std::string heard;
  auto command = as_root;
  command.on_err = [&](std::string_view bytes) { heard += bytes; };
  const auto output = host->run(command, {});
  REQUIRE(output);
  CHECK(heard == "own\nwords");
  CHECK(output->err.empty());
}

TEST_CASE("where nobody is there, sudo's own words are the error") {
  std::vector<Clock::time_point> deadlines;
  Slow nobody;
  const auto host = make_sudo(std::make_unique<Played>(deadlines), nobody, {Lock::Kind::sudo, "ops@played"});
  const auto output = host->run(as_root, {});
  REQUIRE_FALSE(output);
  CHECK(output.error().what == "sudo refused root access on ops@played: sudo: a password is required; nobody is there");
  CHECK(output.error().help.find("--sudo-password-fd") != std::string::npos);
  auto heard = as_root;
  heard.on_err = [](std::string_view bytes) { FAIL("handed on: " << bytes); };
  const auto again = host->run(heard, {});
  REQUIRE_FALSE(again);
  CHECK(again.error().what == output.error().what);
}

TEST_CASE("a sudo that talks without end before the command begins is ended, and told") {
  struct Endless final : Host {
    Result<Output> carry_out(const Command& command, const Control& control) override {
      const std::string piece(100'000, 's');
      while (!control.stopped() && said < 100'000'000) {
        command.on_err(piece);
        said += piece.size();
      }
      return tidelab::step::fail(tidelab::step::Why::interrupted, "ended");
    }
    std::string name() const override { return "ops@endless"; }
    Traffic traffic() const override { return {}; }
    std::size_t said = 0;
  };
  Slow nobody;
  auto endless = std::make_unique<Endless>();
  auto& said = endless->said;
  const auto host = make_sudo(std::move(endless), nobody, {Lock::Kind::sudo, "ops@endless"});
  const auto output = host->run(as_root, {});
  REQUIRE_FALSE(output);
  CHECK(output.error().what.find("more than 1 MiB before the command began") != std::string::npos);
  CHECK(output.error().evidence.size() <= 2000);
  CHECK(said < 3'000'000);
}
