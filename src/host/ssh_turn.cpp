// Turns: see the header.
#include "host/ssh_turn.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <random>

#include <fmt/format.h>

namespace tidelab::host {
namespace {

using step::Clock;
using namespace std::chrono_literals;

constexpr std::size_t kMostAtOnce = 8;  // below the ten from which an sshd begins to drop
constexpr auto kFirstPause = 100ms, kLongestPause = 1'000ms;

}  // namespace

struct Turn::Way {
  std::mutex mutex;
  std::list<Clock::time_point> inside;      // until when each counts
  std::list<const process::Wake*> waiting;  // in the order in which they came

  bool has_room(Clock::time_point now) const {
    return static_cast<std::size_t>(std::count_if(inside.begin(), inside.end(), [&](auto until) { return until > now; })) < kMostAtOnce;
  }
  Clock::time_point next_room(Clock::time_point now) const {
    auto first = Clock::time_point::max();
    for (const auto until : inside)
      if (until > now) first = std::min(first, until);
    return first;
  }
  void ring_first() const {
    if (!waiting.empty()) waiting.front()->ring();
  }
};

// Ways stay for as long as the process: there are as many as jump hosts.
Turn::Way& Turn::find(const std::string& way) {
  static std::mutex mutex;
  static std::map<std::string, Way> all;
  const std::lock_guard lock(mutex);
  return all[way];
}

Turn::Turn(const std::string& way, const Patience& patience, std::chrono::milliseconds counts) {
  if (way.empty()) return;
  way_ = &find(way);
  const process::Wake bell;
  std::unique_lock lock(way_->mutex);
  const auto me = way_->waiting.insert(way_->waiting.end(), &bell);
  const auto first = [&] { return way_->waiting.front() == &bell; };
  auto now = Clock::now();
  while (!patience.quit && now < patience.until && !(first() && way_->has_room(now))) {
    const auto until = first() ? std::min(patience.until, way_->next_room(now)) : patience.until;
    lock.unlock();
    Patience{patience.wake, patience.quit, until}.wait(bell.fd(), POLLIN);
    bell.hush();
    lock.lock();
    now = Clock::now();
  }
  taken_ = !patience.quit && now < patience.until;
  way_->waiting.erase(me);
  if (taken_) place_ = way_->inside.insert(way_->inside.end(), now + counts);
  way_->ring_first();
  if (!taken_) way_ = nullptr;
}

void Turn::leave() {
  if (!way_) return;
  const std::lock_guard lock(way_->mutex);
  way_->inside.erase(place_);
  way_->ring_first();
  way_ = nullptr;
}

std::string way_of(const SshTarget& target) {
  const auto& config = target.config;
  if (!config.proxy_command.empty()) return "ProxyCommand";
  auto way = config.proxy_jump.substr(0, config.proxy_jump.find(','));
  if (way.starts_with("ssh://")) way = way.substr(6);
  return way.substr(way.rfind('@') + 1);  // npos + 1 is the beginning
}

std::chrono::milliseconds pause_after(int tries) {
  thread_local std::minstd_rand random{std::random_device{}()};
  auto most = kFirstPause;
  for (int i = 1; i < tries && most < kLongestPause; ++i) most = std::min(most * 2, std::chrono::milliseconds(kLongestPause));
  return std::chrono::milliseconds(std::uniform_int_distribution<long>(most.count() / 2, most.count())(random));
}

bool says_turned_away(std::string_view said) {
  // kex_, and ssh_ before OpenSSH 8. Whoever had not yet said who he is when the other side closed (by way of a jump host,
  // on a busy machine) is told of his own write instead.
  static constexpr std::string_view closed = "_exchange_identification: ", before = "banner exchange: Connection to ";
  static constexpr std::array<std::string_view, 2> beside{"Connection closed by ", "Connection reset by "},
      of_write{": Broken pipe", ": Connection reset by peer"};
  bool turned_away = false;
  for (std::size_t at = 0, end = 0; at < said.size(); at = end + 1) {
    end = std::min(said.find('\n', at), said.size());
    auto line = said.substr(at, end - at);
    while (line.ends_with('\r')) line.remove_suffix(1);
    const bool is =
        line.find(closed) != std::string_view::npos ||
        (line.starts_with(before) && std::any_of(of_write.begin(), of_write.end(), [&](auto each) { return line.ends_with(each); }));
    turned_away = turned_away || is;
    if (!is && !line.empty() && std::none_of(beside.begin(), beside.end(), [&](auto each) { return line.starts_with(each); })) return false;
  }
  return turned_away;
}

step::Failure make_turned_away(const SshTarget& target, std::string said) {
  const auto& config = target.config;
  const auto& way = config.proxy_command.empty() ? config.proxy_jump : config.proxy_command;
  const auto over = way.empty() ? std::string() : fmt::format(" by way of {}", way);
  return {step::Why::unreachable,
          fmt::format("cannot reach {}{}: each connection was closed before the other side said who it is", render_target(target), over),
          std::move(said),
          {},
          {},
          fmt::format("its sshd{} has too many who are not let in yet (MaxStartups in sshd_config), or lets nobody in from here",
                      way.empty() ? "" : ", or that of the jump host,")};
}

}  // namespace tidelab::host
