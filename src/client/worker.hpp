// Private to this room. Libraries that read what a service sends are not trusted to survive it: an answer may make one of them abort,
// take all memory, or talk to the terminal. So they run in processes of their own, this program again, with bounds of the kernel: a
// service that breaks one breaks what was asked of it, and nothing else. What is asked and answered goes through a socket, in CBOR.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "client/worker_main.hpp"
#include "process/fd.hpp"
#include "step/control.hpp"
#include "step/failure.hpp"

namespace tidelab::client {

/// One process, for one question at a time. It ends with this.
class Worker {
public:
  /// `peer`: whom it talks to, for people: "kafka at 10.0.0.1:9092".
  static step::Result<std::unique_ptr<Worker>> start(const std::string& peer);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The answer's "value"; or the failure that it tells, or that of a worker that is gone. After the deadline it is waited for a
  /// moment, since it knows better what kept it; after a stop it is not.
  step::Result<nlohmann::json> ask(const std::string& op, nlohmann::json words, const step::Control& control, const std::string& doing);

  /// Whether it may be asked again.
  bool alive() const { return static_cast<bool>(socket_); }
  const std::string& peer() const { return peer_; }

private:
  Worker(std::string peer, pid_t pid, process::Fd socket, process::Fd said)
      : peer_(std::move(peer)), pid_(pid), socket_(std::move(socket)), said_(std::move(said)) {}
  tl::unexpected<step::Failure> broke(const std::string& doing);
  int end();

  std::string peer_;
  pid_t pid_;
  process::Fd socket_, said_;
};

/// One that is idle, and has asked that peer before, or a new one.
step::Result<std::unique_ptr<Worker>> take_worker(const std::string& peer);
/// One that is gone, or has failed, is not kept.
void give_back(std::unique_ptr<Worker> worker);

/// A frame: four bytes of length, then that many of CBOR. False: the other side is gone, or sends none.
bool send_frame(int socket, const nlohmann::json& value);
bool receive_frame(int socket, nlohmann::json& value);

/// Ours and the workers' texts of failures.
nlohmann::json of_failure(const step::Failure& failure);
step::Failure to_failure(const nlohmann::json& value);

}  // namespace tidelab::client
