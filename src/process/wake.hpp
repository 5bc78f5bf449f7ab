// Owners of file descriptors, and the bell by which one thread wakes another out of poll().
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "process/fd.hpp"

namespace tidelab::process {

/// Level-triggered: stays readable until hushed, so a ring before the poll is not lost.
class Wake {
public:
  Wake() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  int fd() const { return fd_.get(); }
  void ring() const {
    const std::uint64_t one = 1;
    // Can only fail when the counter is full, and then it is readable anyway.
    [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
  }
  void hush() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd_.get(), &count, sizeof count);
  }

private:
  Fd fd_;
};

}  // namespace tidelab::process
