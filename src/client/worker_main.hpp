// How a program becomes a worker of the client room: see client/worker.hpp.
#pragma once

namespace tidelab::client {

/// What a worker is started with, in place of a command; its socket is descriptor 3.
inline constexpr const char* worker_word = "client:worker";

/// To be called first in main() of each program that asks services. It does not return where this process is to be a worker.
void become_worker_if_asked(int argc, char** argv);

}  // namespace tidelab::client

/// The same for a main() that does not know whether it is linked with the client room.
extern "C" void tidelab_become_worker_if_asked(int argc, char** argv);
