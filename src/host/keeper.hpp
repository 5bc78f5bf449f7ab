// Private to the room: what is kept of a command's words where nobody listens. All transports are bounded here.
#pragma once

#include <string>
#include <string_view>

#include "host/host.hpp"

namespace tidelab::host {

/// Listens for a command to whichever stream nobody else listens to, up to Command::most_kept; beyond that it stops the
/// command by way of control(), and keeps how it began and what came last.
class Keeper {
public:
  Keeper(const Command& command, const Control& control);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  const Command& command() const { return command_; }
  const Control& control() const { return enough_.control(); }
  /// What was kept goes to where its caller expects it; `on` is the host's name, for a failure.
  Result<Output> settle(Result<Output> ended, const std::string& on);

private:
  struct Stream {
    const char* name;
    std::string kept{}, last{};
    std::size_t said = 0;
    bool full = false;
  };
  void listen(std::function<void(std::string_view)>& listener, Stream& stream);
  void keep(Stream& stream, std::string_view bytes);
  tl::unexpected<step::Failure> too_much(const Stream& stream, const std::string& on) const;

  Command command_;
  step::Enough enough_;
  Stream out_{"stdout"}, err_{"stderr"};
};

}  // namespace tidelab::host
