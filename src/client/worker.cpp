#include "client/worker.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "client/aside.hpp"
#include "process/spawn.hpp"
#include "process/wake.hpp"

namespace tidelab::client {

using step::fail;
using step::Result;
using step::Why;

namespace {

constexpr std::size_t most_of_a_frame = 64 << 20;
constexpr auto grace = std::chrono::milliseconds(500);  // after the deadline, for the worker's own words
constexpr std::size_t last_words = 2000;

bool send_all(int socket, const std::uint8_t* from, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(socket, from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    from += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, std::uint8_t* to, std::size_t size) {
  while (size > 0) {
    const auto got = ::recv(socket, to, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

std::string text_of(const process::Fd& said) {
  std::string text(last_words, '\0');
  const auto size = ::lseek(said.get(), 0, SEEK_END);
  const auto from = std::max<off_t>(0, size - static_cast<off_t>(last_words));
  const auto got = ::pread(said.get(), text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("with code {}", WEXITSTATUS(status));
}

// Ends that come from what a library was given, rather than from somebody else.
bool of_what_it_read(int status) {
  const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return number == SIGABRT || number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
}

}  // namespace

bool send_frame(int socket, const nlohmann::json& value) {
  const auto body = nlohmann::json::to_cbor(value);
  if (body.size() > most_of_a_frame) return false;
  std::array<std::uint8_t, 4> head{};
  for (std::size_t i = 0; i < head.size(); ++i) head[i] = static_cast<std::uint8_t>(body.size() >> (8 * i));
  return send_all(socket, head.data(), head.size()) && send_all(socket, body.data(), body.size());
}

bool receive_frame(int socket, nlohmann::json& value) {
  std::array<std::uint8_t, 4> head{};
  if (!receive_all(socket, head.data(), head.size())) return false;
  std::size_t size = 0;
  for (std::size_t i = 0; i < head.size(); ++i) size |= static_cast<std::size_t>(head[i]) << (8 * i);
  if (size > most_of_a_frame) return false;
  std::vector<std::uint8_t> body(size);
  if (!receive_all(socket, body.data(), size)) return false;
  value = nlohmann::json::from_cbor(body, true, false);
  return !value.is_discarded();
}

nlohmann::json of_failure(const step::Failure& f) {
  return {{"why", static_cast<int>(f.why)},
          {"what", f.what},
          {"evidence", f.evidence},
          {"expected", f.expected},
          {"actual", f.actual},
          {"help", f.help},
          {"lasting", f.lasting}};
}

step::Failure to_failure(const nlohmann::json& value) {
  const auto text = [&](const char* key) { return value.at(key).get<std::string>(); };
  const auto why = std::clamp(value.at("why").get<int>(), 0, static_cast<int>(Why::interrupted));
  return {static_cast<Why>(why),          text("what"), text("evidence"), text("expected"), text("actual"), text("help"),
          value.at("lasting").get<bool>()};
}

Result<std::unique_ptr<Worker>> Worker::start(const std::string& peer) {
  const auto problem = [&](const char* what, int error) {
    return fail(Why::unreachable, fmt::format("cannot start a client of {}: {}: {}", peer, what, std::strerror(error)));
  };
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return problem("no sockets", errno);
  process::Fd ours = process::above_standard(process::Fd(ends[0]));
  const process::Fd theirs = process::above_standard(process::Fd(ends[1]));
  process::Fd said = process::above_standard(process::Fd(::memfd_create("said", MFD_CLOEXEC)));
  if (!ours || !theirs || !said) return problem("no descriptors", errno);
  // One that stops within a frame is not waited for: frames are sent in one go.
  const timeval patience{10, 0};
  for (const int way : {SO_RCVTIMEO, SO_SNDTIMEO}) ::setsockopt(ours.get(), SOL_SOCKET, way, &patience, sizeof patience);
  process::Program program{{"tidelab", worker_word}, "/proc/self/exe"};
  program.err = said.get();
  program.third = theirs.get();
  const auto pid = process::spawn(program);
  if (!pid) return problem("this program does not start again", pid.error().error);
  return std::unique_ptr<Worker>(new Worker(peer, *pid, std::move(ours), std::move(said)));
}

Worker::~Worker() {
  if (pid_ > 0) end();
}

// It has nothing to put in order, and waiting for a library to end may take for ever.
int Worker::end() {
  int status = 0;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  socket_.close();
  return status;
}

tl::unexpected<step::Failure> Worker::broke(const std::string& doing) {
  // It has closed its end, and is about to be no more; one that merely sends nonsense is ended.
  int status = 0;
  const auto until = step::Clock::now() + grace;
  pid_t gone = 0;
  while ((gone = ::waitpid(pid_, &status, WNOHANG)) == 0 && step::Clock::now() < until) ::poll(nullptr, 0, 5);
  if (gone == pid_) {
    pid_ = -1;
    socket_.close();
  } else {
    status = end();
  }
  const auto end = fmt::format("{}: the client of {} ended {}", doing, peer_, how_it_ended(status));
  const auto words = text_of(said_);
  if (of_what_it_read(status)) return fail(Why::refused, end + ": its library could not read what came from there", words);
  return fail(Why::unreachable, end + ", so nothing is known", words);  // somebody ended it, or the machine is out of memory
}

Result<nlohmann::json> Worker::ask(const std::string& op, nlohmann::json words, const step::Control& control, const std::string& doing) {
  if (!alive()) return fail(Why::refused, fmt::format("{}: the client of {} has ended before", doing, peer_));
  if (control.stopped() || control.expired()) return ended(control, doing);
  words["op"] = op;
  words["left_ms"] = control.left().count();
  if (!send_frame(socket_.get(), words)) return broke(doing);
  const process::Wake wake;
  const std::stop_callback bell(control.stop, [&] { wake.ring(); });
  for (;;) {
    pollfd waits[] = {{socket_.get(), POLLIN, 0}, {wake.fd(), POLLIN, 0}};
    const auto left = std::min<std::chrono::milliseconds>(control.left() + grace, std::chrono::hours(1));
    const int ready = ::poll(waits, 2, static_cast<int>(left.count()));
    if (waits[0].revents != 0) break;
    const bool late = control.expired() && step::Clock::now() - control.deadline >= grace;
    if (control.stopped() || late || (ready < 0 && errno != EINTR)) {
      end();
      return ended(control, doing);
    }
  }
  nlohmann::json answer;
  if (!receive_frame(socket_.get(), answer)) return broke(doing);
  try {
    if (answer.contains("failure")) return tl::unexpected(to_failure(answer.at("failure")));
    return answer.at("value");
  } catch (const nlohmann::json::exception&) {
    return broke(doing);
  }
}

namespace {

struct Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Worker>> all;
};

// Never destroyed: threads may give back while the process ends; a worker ends when we do.
Idle& idle_workers() {
  static auto& it = *new Idle;
  return it;
}

}  // namespace

Result<std::unique_ptr<Worker>> take_worker(const std::string& peer) {
  {
    auto& [mutex, all] = idle_workers();
    const std::lock_guard lock(mutex);
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each->peer() == peer; });
    if (found != all.end()) {
      auto worker = std::move(*found);
      all.erase(found);
      return worker;
    }
  }
  return Worker::start(peer);
}

void give_back(std::unique_ptr<Worker> worker) {
  if (!worker->alive()) return;
  auto& [mutex, all] = idle_workers();
  const std::lock_guard lock(mutex);
  all.push_back(std::move(worker));
}

}  // namespace tidelab::client
