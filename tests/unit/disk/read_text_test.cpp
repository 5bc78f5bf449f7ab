// What is read of a file, whatever somebody put in its place.
#include "disk/read_text.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include "scratch.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::disk;
using tests::Scratch;

TEST_CASE("a file is read to its end, and no further than asked") {
  const Scratch scratch;
  const auto path = scratch.write("text", std::string(100'000, 'x'));
  CHECK(read_text(path, 100'000).value().size() == 100'000);
  const auto more = read_text(path, 99'999);
  REQUIRE_FALSE(more);
  CHECK(more.error().kind == Kind::odd);
  CHECK(more.error().what == path + " is larger than 97 KiB, which is the most that is read of such a file");
  CHECK(read_text(scratch.write("empty", ""), 0).value().empty());
}

TEST_CASE("what is no file is refused, and nobody waits for it") {
  const Scratch scratch;
  REQUIRE(::mkfifo(scratch.path("pipe").c_str(), 0600) == 0);
  CHECK(read_text(scratch.path("pipe"), 10).error().what == scratch.path("pipe") + " is a pipe, not a file");
  CHECK(read_text("/dev/zero", 10).error().what == "/dev/zero is a device, not a file");
  CHECK(read_text(scratch.root, 10).error().what == scratch.root + " is a directory, not a file");
  CHECK(read_text(scratch.path("nothing"), 10).error().kind == Kind::missing);
  // What is in the way is not what was never there: "no lab is up" would be said of a state directory that is a pipe.
  CHECK(read_text(scratch.path("pipe/below"), 10).error().kind == Kind::failed);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{AF_UNIX, {}};
  scratch.path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(read_text(scratch.path("socket"), 10).error().kind == Kind::odd);
  ::close(listener);
}

TEST_CASE("/dev/null is an empty file, as configurations mean it") { CHECK(read_text("/dev/null", 10).value().empty()); }
