// Words that ask: one answer, or asking until it fits.
#include <algorithm>

#include <fmt/format.h>

#include "client/http.hpp"
#include "client/kafka.hpp"
#include "client/tcp.hpp"
#include "live/world.hpp"
#include "step/describe.hpp"

namespace tidelab::live {

using namespace step;

namespace {

constexpr std::string_view no_connection = "cannot be asked: ";

std::string shorten(std::string text) {
  constexpr std::size_t most = 600;
  return text.size() > most ? text.substr(0, most) + "…" : text;
}

Result<Asked> ask_tcp(const Tcp& w, const Control& control) {
  auto answer = client::tcp(w.address.value, w.send.value, control);
  if (!answer) return tl::unexpected(answer.error());
  return answered(fmt::format("{{\"answer\":{}}}", json_string(*answer)));
}

// What a program said last is nearer to why it failed than its banner.
std::string last_said(const std::string& text) {
  constexpr std::size_t most = 2000;
  if (text.size() <= most) return text;
  const auto line = text.find('\n', text.size() - most);
  return "…\n" + text.substr(line == std::string::npos ? text.size() - most : line + 1);
}

bool accepted(const std::string& list, int status) {
  if (list.empty()) return status >= 200 && status < 300;
  return ("|" + list + "|").find(fmt::format("|{}|", status)) != std::string::npos;
}

Result<Asked> ask_http(const Http& w, const Control& control) {
  client::HttpRequest request{w.method.empty() ? "GET" : w.method.value, w.url.value, w.body.value, {}};
  for (const auto& [key, value] : w.headers) request.headers.emplace_back(key.value, value.value);
  auto answer = client::http(request, control);
  if (!answer) return tl::unexpected(answer.error());
  if (!accepted(w.status.value, answer->status)) {
    // A server in trouble has not answered the question: to an `ensure` that is no reason to act, but to ask again.
    const auto why = answer->status >= 500 ? Why::refused : Why::differs;
    return tl::unexpected(Failure{why,
                                  fmt::format("{} {} answered {}", request.method, request.url, answer->status),
                                  shorten(answer->body),
                                  "status " + (w.status.empty() ? std::string("2xx") : w.status.value),
                                  fmt::format("status {}: {}", answer->status, shorten(answer->body)),
                                  {}});
  }
  return answered(std::move(answer->body));
}

Result<Asked> ask_sql(World& world, const Sql& w, const Control& control) {
  const auto address = client::parse_address(w.address.value);
  const client::SqlTarget target{address.host, address.port, w.user.value, w.password.value, w.database.value};
  auto session = world.borrow(target, control);
  if (!session) {
    // Before there is a connection nothing was sent: of a group the next may be asked, whatever the statement.
    auto failure = session.error();
    if (!failure.lasting) failure.what = fmt::format("{}{}", no_connection, failure.what);
    if (failure.why == Why::timed_out) failure.why = Why::refused;  // of a statement that timed out nobody knows whether it took effect
    return tl::unexpected(std::move(failure));
  }
  std::vector<std::string> statements;
  for (const auto& each : w.statements) statements.push_back(each.value);
  auto answer = (*session)->run(statements, control);
  if (!answer) return tl::unexpected(answer.error());  // the session is not given back: it may be broken
  world.give_back(target, std::move(*session));
  return answered(std::move(answer->json), answer->returned);
}

Result<Asked> ask_exec(World& world, const Exec& w, const Where& where, const Control& control) {
  auto command = world.command_on(where.lane, w.argv, w.env, control);
  if (!command) return tl::unexpected(command.error());
  command->cwd = w.cwd.value;
  command->input.text = w.stdin_text.value;
  const auto output = world.host(where.lane).run(*command, control);
  if (!output) return tl::unexpected(output.error());
  const auto all = output->out + output->err;
  const auto program = w.argv.empty() ? std::string() : w.argv.front().value;
  if (!w.fail_if.empty() && finds(all, w.fail_if.value))
    return step::fail(Why::failed, fmt::format("{} says that it failed", program), last_said(all));
  const auto& expect = w.ask.expect;
  const bool exit_is_judged = std::any_of(expect.begin(), expect.end(), [](const auto& c) { return c.pointer.value == "/exit"; });
  if (output->code != 0 && !exit_is_judged)
    return step::fail(Why::failed, fmt::format("{} ended with {}", program, output->code), last_said(all));
  return answered(
      fmt::format("{{\"exit\":{},\"stdout\":{},\"stderr\":{}}}", output->code, json_string(output->out), json_string(output->err)));
}

const Asking* asking_of(const Action& action) {
  return std::visit(
      [](const auto& w) -> const Asking* {
        if constexpr (requires { w.ask; })
          return &w.ask;
        else
          return nullptr;
      },
      action);
}

Result<Asked> ask_raw(World& world, const Action& action, const Where& where, const Control& control) {
  return std::visit(overloaded{
                        [&](const Tcp& w) { return ask_tcp(w, control); },
                        [&](const Http& w) { return ask_http(w, control); },
                        [&](const Sql& w) { return ask_sql(world, w, control); },
                        [&](const Exec& w) { return ask_exec(world, w, where, control); },
                        [&](const Topic& w) { return ask_topic(w, control); },
                        [&](const Process& w) -> Result<Asked> {
                          auto state = process_state(world, w.name.value, where.lane, control);
                          if (!state) return tl::unexpected(state.error());
                          return Asked{*state, Clock::now()};
                        },
                        [&](const Brokers& w) -> Result<Asked> {
                          auto state = cluster_state(w, control);
                          if (!state) return tl::unexpected(state.error());
                          return answered(std::move(*state));
                        },
                        [](const Every&) -> Result<Asked> { return step::fail(Why::failed, "each of its questions is asked by itself"); },
                        [](const NotAsking auto&) -> Result<Asked> { return step::fail(Why::failed, "this word does not ask"); },
                    },
                    action);
}

// One question of one server.
Result<Asked> ask_member(World& world, const Action& bound, const Where& where, const Control& control) {
  auto asked = ask_raw(world, bound, where, control);
  if (!asked) return asked;
  if (const auto beyond = asked->answer.beyond()) {
    const auto actual = "an answer that is not looked into: " + *beyond;
    return tl::unexpected(Failure{Why::differs, fmt::format("{}: {}", render_action(bound).substr(0, 160), actual),
                                  shorten(asked->answer.text()), "an answer within bounds", actual,
                                  "see who answers at that address, and what it sends"});
  }
  const auto* asking = asking_of(bound);
  if (asking == nullptr) return asked;
  asked->answer = pick(asked->answer, asking->pick);
  if (auto wrong = mismatch(asked->answer, asking->expect)) {
    Failure failure{
        Why::differs, fmt::format("{}: {}", render_action(bound).substr(0, 160), wrong->actual), {}, wrong->expected, wrong->actual, {}};
    failure.lasting = !asking->give_up.empty() && !mismatch(asked->answer, asking->give_up);
    return tl::unexpected(std::move(failure));
  }
  if (auto taken = world.take(asked->answer, asking->take, where.scope); !taken) return tl::unexpected(taken.error());
  return asked;
}

// A list without end is somebody's mistake, and no reason to ask for hours.
constexpr std::size_t most_elements = 200;

Result<Asked> ask_every(World& world, const Every& w, const Where& where, const Control& control) {
  auto listed = ask(world, w.of.front().action, where, control);
  if (!listed) return listed;
  auto only = w.where;  // its own values are there by now
  for (auto& condition : only)
    if (auto bound = world.bind(condition.value.value, where.scope)) condition.value.value = std::move(*bound);
  std::size_t count = 0;
  for (const auto& element : listed->answer.elements(w.items.value)) {
    if (mismatch(element, only)) continue;
    if (++count > most_elements) return step::fail(Why::failed, fmt::format("there are more than {} to ask about", most_elements));
    if (auto taken = world.take(element, w.take, where.scope); !taken) return tl::unexpected(taken.error());
    if (auto asked = ask(world, w.that.front().action, where, control); !asked) return asked;
  }
  return answered(fmt::format("{{\"count\":{}}}", count));
}

// Whether another member may be asked after this failure: what may have changed something is not sent twice.
bool may_go_on(const Action& action, const Failure& failure) {
  if (failure.lasting) return false;
  if (const auto* http = std::get_if<Http>(&action))
    return http->method.empty() || http->method.value == "GET" || failure.why == Why::refused || failure.why == Why::unreachable;
  if (const auto* sql = std::get_if<Sql>(&action)) {
    const auto reads = [](const Text& statement) { return statement.value.starts_with("select ") || statement.value.starts_with("show "); };
    return std::all_of(sql->statements.begin(), sql->statements.end(), reads) || failure.what.starts_with(no_connection);
  }
  return true;
}

std::string group_of(const Action& action) {
  return std::visit(overloaded{[](const Http& w) { return w.url.value.substr(0, w.url.value.find('/', w.url.value.find("//") + 2)); },
                               [](const Sql& w) { return w.address.value; }, [](const Tcp& w) { return w.address.value; },
                               [](const Exec&) { return std::string(); }, [](const Topic&) { return std::string(); },
                               [](const Process&) { return std::string(); }, [](const Brokers&) { return std::string(); },
                               [](const Every&) { return std::string(); }, [](const NotAsking auto&) { return std::string(); }},
                    action);
}

// Short at first, so that a hop's latency is not made of our waiting; longer when it takes long anyway.
std::chrono::milliseconds next_pause(const Action& action, std::chrono::milliseconds waited) {
  using std::chrono::milliseconds;
  const bool costly = std::holds_alternative<Exec>(action) || std::holds_alternative<Process>(action);
  if (costly) return milliseconds(500);
  if (waited < std::chrono::seconds(3)) return milliseconds(10);
  return waited < std::chrono::seconds(20) ? milliseconds(50) : milliseconds(250);
}

// Each look at the process is a remote command, and the answer is usually that it is still starting.
constexpr std::chrono::milliseconds first_look_at_process(700), longest_without_look(10'000);

// `before`: restarts when the waiting began, set at the first call. A few more are no reason to give up (a broker that was
// killed cannot come back before its session has ended); a service that is not kept running any more is.
Result<void> still_running(World& world, const std::string& service, const Where& where, std::optional<long long>& before,
                           const Control& control) {
  const auto state = process_state(world, service, where.lane, control);
  // A host that is gone does not answer the question either: no reason to wait for that.
  if (!state && state.error().why == Why::unreachable) return tl::unexpected(state.error());
  if (!state) return {};  // whether it runs is not known; the question itself will tell
  const auto running = value_at(*state, "/running").value_or("false") == "true";
  const auto restarts = number_at(*state, "/restarts").value_or(0);
  if (!before) before = restarts;
  if (restarts - *before >= 3)
    return step::fail(Why::failed, fmt::format("{} keeps exiting ({} times while tidelab waited for it)", service, restarts - *before));
  // One that is just ending is a zombie until all of its threads have ended; whoever keeps it starts it again then.
  const bool comes_back =
      value_at(*state, "/restarting").value_or("false") == "true" || value_at(*state, "/state").value_or("") == "zombie";
  if (!running && !comes_back) return step::fail(Why::failed, fmt::format("{} is not running", service));
  return {};
}

}  // namespace

Result<Asked> ask(World& world, const Action& action, const Where& where, const Control& control) {
  if (const auto* every = std::get_if<Every>(&action)) return ask_every(world, *every, where, control);
  auto bound = world.bind(action, where.scope);
  if (!bound) return tl::unexpected(bound.error());
  const auto members = each_member(*bound);
  if (members.size() == 1) return ask_member(world, *bound, where, control);
  const auto group = group_of(*bound);
  const auto first = world.first_member(group);
  std::optional<Failure> failure;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto member = (first + i) % members.size();
    auto attempt = control;  // one that is silent must leave time for the others
    if (control.deadline != Clock::time_point::max())
      attempt.deadline = Clock::now() + control.left() / static_cast<int>(members.size() - i);
    auto asked = ask_member(world, members[member], where, attempt);
    if (asked) {
      world.remember_member(group, member);
      return asked;
    }
    // What somebody answered says more than that somebody did not.
    const bool answered = asked.error().why == Why::differs;
    if (!failure || (answered && failure->why != Why::differs)) failure = asked.error();
    if (control.stopped() || !may_go_on(members[member], asked.error())) break;
  }
  return tl::unexpected(*failure);
}

Result<Asked> ask_until(World& world, const Action& action, const Where& where, const std::string& process, const Control& control) {
  const auto began = Clock::now();
  auto until_look = first_look_at_process;
  auto look_at_process = began + until_look;
  std::optional<Failure> last;
  std::optional<long long> restarts;
  while (true) {
    auto attempt = control;
    attempt.deadline = std::min(control.deadline, Clock::now() + std::chrono::seconds(std::holds_alternative<Exec>(action) ? 60 : 5));
    auto asked = ask(world, action, where, attempt);
    if (asked) return asked;
    if (asked.error().why == Why::interrupted || control.stopped()) return step::fail(Why::interrupted, "interrupted");
    // That an attempt ran out of time says less than what an earlier answer said; the last one may have had next to none.
    const bool cut_short = asked.error().why == Why::timed_out || Clock::now() + std::chrono::milliseconds(20) >= attempt.deadline;
    if (!last || !cut_short) last = asked.error();
    if (last->lasting) return tl::unexpected(*last);
    const auto now = Clock::now();
    if (!process.empty() && now > look_at_process) {
      until_look = std::min(2 * until_look, longest_without_look);
      look_at_process = now + until_look;
      if (auto running = still_running(world, process, where, restarts, control); !running) return tl::unexpected(running.error());
    }
    if (!step::pause(control, next_pause(action, std::chrono::duration_cast<std::chrono::milliseconds>(now - began)))) break;
  }
  if (control.stopped()) return step::fail(Why::interrupted, "interrupted");
  auto failure = *last;
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  if (failure.why == Why::differs) failure.why = Why::timed_out;
  failure.what = fmt::format("not within {:.1f} s: {}", static_cast<double>(waited.count()) / 1000.0, failure.what);
  return tl::unexpected(failure);
}

}  // namespace tidelab::live
