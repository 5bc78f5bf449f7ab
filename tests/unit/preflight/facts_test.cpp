// What a host prints → facts; also when it prints nonsense.

#include "preflight/facts.hpp"

#include "support/catch.hpp"

namespace tidelab::preflight {

TEST_CASE("facts of a whole look") {
  const auto f = read_facts(
      "clock\tbegin\t1795410028.250000000\nwho\t1000\tlab\nkernel\tboot-1\tLinux\tx86_64\ninit\tsystemd\n"
      "memory\tMemTotal:\t2048\nmemory\tMemAvailable:\t1024\nmemory\tSwapTotal:\t0\nlimit\tmax\nfiles\tsoft\t1024\n"
      "files\thard\tunlimited\nswappiness\t60\nhuge_pages\talways [madvise] never\naccount\tmissing\nmissing\ttar\n"
      "dir\tthere\twritable\tfull\t/opt\ndir\tmissing\tno\tempty\t/data\nbarrier\t1\t/data\nshared\t0\t/"
      "opt\troot:staff\t2775\nstranger\t1\t/data\tann:ann\t755\naccount\tgroup\nclosed\t/etc\nforeign\ttar\nhomeless\t/home/x\nexpired\tx\n"
      "room\t10\t4096\t20\t5\t6\text4\nroom\t1\t512\t2\t0\t0\ttmpfs\ndevice\t41\ndevice\t42\nservice\tx-1\nunpacked\t/opt/x\n"
      "owned\t/opt/x\nlab\t/opt/.tidelab-other\ntheirs\t/opt/y\nunit\ttidelab-a.service\t/opt/.tidelab-a\n"
      "listener\t1F90\t0100007F\troot\t77\nlistener\t1F91\t00000000000000000000000000000000\tme\t78\n"
      "holder\t77\tother\t12\troot\tnginx.service\tnginx: master  \nclock\tend\t1795410028.500000000\nend\n");
  CHECK(f.complete);
  CHECK(f.uid == 1000);
  CHECK(f.systemd);
  CHECK(f.memory_total == 2048 * 1024);
  CHECK_FALSE(f.memory_limit);
  CHECK(*f.files_hard > 1'000'000'000);
  CHECK(f.huge_pages == "madvise");
  CHECK_FALSE(f.account_there);
  CHECK(f.missing_commands == std::vector<std::string>{"tar"});
  REQUIRE(f.dirs.size() == 2);
  CHECK(f.dirs[0].state == DirFact::State::there);
  CHECK(f.dirs[0].free_bytes == 40960);
  CHECK(f.dirs[0].device == "41");
  CHECK_FALSE(f.dirs[1].writable);
  CHECK_FALSE(f.dirs[1].enterable);
  CHECK(f.dirs[1].barrier == "/data");
  CHECK(f.group_there);
  CHECK((f.expired && f.home_not_writable == "/home/x"));
  CHECK((f.closed == std::vector<std::string>{"/etc"} && f.foreign == std::vector<std::string>{"tar"}));
  CHECK(f.dirs[0].shared + " " + f.dirs[0].shared_by + " " + f.dirs[0].shared_mode == "/opt root:staff 2775");
  CHECK(f.dirs[1].stranger + " " + f.dirs[1].stranger_by + " " + f.dirs[1].stranger_mode == "/data ann:ann 755");
  CHECK(f.others.at(0).dirs == std::vector<std::string>{"/opt/y"});
  REQUIRE(f.holders.size() == 2);
  CHECK(f.holders[0].port == 8080);
  CHECK(f.holders[0].address == "127.0.0.1");
  CHECK(f.holders[0].pid == 12);
  CHECK(f.holders[0].command == "nginx: master");
  CHECK(f.holders[1].address == "*");
  CHECK(f.holders[1].pid == 0);
  CHECK(*f.clock_end - *f.clock_begin == std::chrono::milliseconds(250));
}

TEST_CASE("addresses as the kernel shows them") {
  const auto address = [](const std::string& hex) { return read_facts("listener\t1\t" + hex + "\troot\t1\n").holders.at(0).address; };
  CHECK(address("0B00007F") == "127.0.0.11");
  CHECK(address("00000000000000000000000001000000") == "::1");
  CHECK(address("0000000000000000FFFF00000100A8C0") == "192.168.0.1");
  CHECK(address("B80D0120000000000000000001000000") == "2001:db8:0:0:0:0:0:1");
  CHECK(address("zz") == "*");
}

TEST_CASE("a file system is known for all directories or for none") {
  const auto f = read_facts("dir\tthere\twritable\tempty\t/a\ndir\tthere\twritable\tempty\t/b\nroom\t1\t1\t1\t1\t1\text4\n");
  CHECK_FALSE(f.dirs.at(0).has_room);
}

TEST_CASE("a clock that tells only seconds says so") {
  const auto f = read_facts("clock\tbegin\t1795410028.%N\n");
  CHECK(f.clock_begin == std::chrono::seconds(1795410028));
  CHECK(f.clock_step == std::chrono::seconds(1));
}

TEST_CASE("how long looks took, by a clock that counts hundredths") {
  CHECK(read_facts("looks\t95.07\t97.10\n").before_clock == std::chrono::milliseconds(2030));
  for (const auto* bad : {"looks\t\t97.10\n", "looks\t97.10\t95.07\n", "looks\t95\t97\n"}) CHECK(read_facts(bad).before_clock == Micros(0));
}

TEST_CASE("nonsense is passed over") {
  const auto f = read_facts(
      "who\n\n\t\nmemory\tMemTotal:\tmuch\nbarrier\t7\t/x\nbarrier\t-1\t/x\nshared\t7\t/x\ta:b\t1\ntheirs\t/"
      "lost\nholder\t1\nwhat\tis\tthis\nclock\tend\tnow");
  CHECK_FALSE(f.complete);
  CHECK_FALSE(f.memory_total);
  CHECK_FALSE(f.clock_end);
  CHECK(f.dirs.empty());
}

TEST_CASE("numbers beyond all that can be counted are passed over") {
  const auto f = read_facts(
      "dir\tthere\twritable\tempty\t/\nroom\t9223372036854775807\t4096\t9223372036854775807\t1\t1\text4\n"
      "memory\tMemTotal:\t9223372036854775807\nclock\tbegin\t9223372036854775807.000000001\nclock\tend\t-1.000000001\n"
      "looks\t9223372036854775807.01\t9223372036854775807.02\n");
  CHECK_FALSE(f.dirs.at(0).has_room);
  CHECK_FALSE(f.memory_total);
  CHECK_FALSE(f.clock_begin);
  CHECK_FALSE(f.clock_end);
  CHECK(f.before_clock == Micros(0));
  const auto odd = read_facts("dir\tthere\twritable\tempty\t/\nroom\t-1\t4096\t5\t1\t1\text4\n");
  CHECK_FALSE(odd.dirs.at(0).has_room);
}

}  // namespace tidelab::preflight
