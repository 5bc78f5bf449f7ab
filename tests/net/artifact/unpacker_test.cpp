// Archives that somebody sends who may send anything.
#include "artifact/unpacker.hpp"

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <random>

#include "host/host.hpp"
#include "lab.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using namespace tidelab;
using artifact::Allowance;
using artifact::Unpacked;
using artifact::Unpacker;
using artifact::UnpackLimits;

namespace {

constexpr std::size_t block = 512;

struct Member {
  std::string name, content{};
  char kind = '0';
  std::string target{};
  std::string size{};  // octal, as it stands there; empty: the content's
};

std::string octal(unsigned long value, std::size_t digits) {
  std::string out(digits, '0');
  for (auto at = digits; at-- > 0; value /= 8) out[at] = static_cast<char>('0' + value % 8);
  return out;
}

std::string padded(std::string text) {
  text.resize((text.size() + block - 1) / block * block);
  return text;
}

// One member of an archive in the form of POSIX (ustar).
std::string tarred(const Member& it) {
  std::string head(block, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { head.replace(at, text.size(), text); };
  put(0, it.name.substr(0, 100));
  put(100, "0000777");
  put(108, "0000000"), put(116, "0000000");
  put(124, it.size.empty() ? octal(it.content.size(), 11) : it.size);
  put(136, "00000000000");
  put(148, "        ");
  head[156] = it.kind;
  put(157, it.target);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  put(329, "0000001"), put(337, "0000003");
  unsigned long sum = 0;
  for (const auto c : head) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6));
  head[154] = '\0';
  return head + padded(it.content);
}

std::string whole(const std::vector<Member>& members) {
  std::string out;
  for (const auto& each : members) out += tarred(each);
  return out + std::string(2 * block, '\0');
}

struct Taken {
  tests::Lab lab;
  fs::path folder = fs::path(lab.cache) / "in";
  UnpackLimits limits{1 << 20, 100};
  Allowance allowance{folder, 8 << 20};
  std::stop_source stop;
  bool wanted = true;

  Taken() { fs::create_directories(folder); }
  Unpacked take(const std::string& bytes, std::size_t pieces = 4096) {
    Unpacker unpacker(folder, limits, allowance, stop.get_token());
    for (std::size_t at = 0; at < bytes.size() && wanted; at += pieces) wanted = unpacker.feed(std::string_view(bytes).substr(at, pieces));
    return unpacker.finish();
  }
  // What was made, with contents; a directory ends with a slash.
  std::map<std::string, std::string> made() const {
    std::map<std::string, std::string> out;
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
      const auto name = each.path().lexically_relative(folder).string();
      CHECK((each.symlink_status().type() == fs::file_type::regular || each.symlink_status().type() == fs::file_type::directory));
      if (each.is_regular_file()) out[name] = tests::read_all(each.path().string());
    }
    return out;
  }
};

std::string output_of(const std::string& script) {
  const auto output = host::make_local()->run({{"sh", "-c", script}, {}, {}, {}, {}}, {});
  REQUIRE(output);
  REQUIRE(output->code == 0);
  return output->out;
}

using Files = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("files and directories are made below the folder, whatever they are called") {
  Taken in;
  const auto done = in.take(whole({{"/var/log/a.log", "one"}, {"./b//c", "two"}, {"d/", "", '5'}, {"/var/log/a.log", "newer"}}), 7);
  CHECK(done.problem.empty());
  CHECK(done.left_out.empty());
  CHECK(in.made() == Files{{"var/log/a.log", "newer"}, {"b/c", "two"}});
  CHECK(fs::is_directory(in.folder / "d"));
  struct stat state {};
  REQUIRE(::stat((in.folder / "b/c").c_str(), &state) == 0);
  CHECK((state.st_mode & 07777U) == 0600);
}

TEST_CASE("links, devices, fifos and ways out are left out, and what comes behind them is taken") {
  Taken in;
  const auto done = in.take(whole({{"link", "", '2', "/etc"},
                                   {"link/passwd", "x"},
                                   {"hard", "", '1', "/etc/passwd"},
                                   {"zero", "", '3'},
                                   {"disk", "", '4'},
                                   {"pipe", "", '6'},
                                   {"../out", "x"},
                                   {"a/../../out", "x"},
                                   {"", "x"},
                                   {"good", "good"}}));
  CHECK(done.problem.empty());
  CHECK(in.made() == Files{{"link/passwd", "x"}, {"good", "good"}});
  CHECK_FALSE(fs::exists(fs::path(in.lab.cache) / "out"));
  REQUIRE(done.left_out.size() >= 7);
  CHECK(done.left_out.front() == "neither file nor directory: link");
  CHECK(done.left_out[5] == "it would lie somewhere else: ../out");
}

TEST_CASE("a file with holes of a terabyte fills no disk and takes no time") {
  Taken in;
  const auto file = (fs::path(in.lab.cache) / "sparse").string();
  const auto tar = output_of("truncate -s 1T " + file + "; echo end >> " + file + "; tar -C / --sparse -Pcf - " + file);
  CHECK(tar.size() < 20'000);
  const auto done = in.take(tar + whole({{"next", "next"}}));
  CHECK(done.left_out == std::vector<std::string>{"larger than 1 MiB: " + file});
  CHECK(in.made().empty());  // behind its end nothing is looked at
  // One that is small enough comes with its holes.
  Taken small;
  const auto tar_of_small = output_of("truncate -s 500K " + file + "; echo end >> " + file + "; tar -C / --sparse -Pcf - " + file);
  CHECK(small.take(tar_of_small).problem.empty());
  CHECK(small.made().begin()->second == std::string(500 << 10, '\0') + "end\n");
  fs::remove(file);
}

TEST_CASE("what is in all too much ends it, and no more bytes are wanted") {
  Taken in;
  std::vector<Member> members;
  for (int i = 0; i < 50; ++i) members.push_back({"f" + std::to_string(i), std::string(500'000, 'x')});
  const auto done = in.take(whole(members));
  CHECK(done.problem == "it is more than 8 MiB in all");
  CHECK_FALSE(in.wanted);
  CHECK(in.made().size() < 20);
  CHECK_FALSE(in.allowance.take(1));
  in.allowance.give_back(8 << 20);
  CHECK(in.allowance.take(1));
}

TEST_CASE("too many files end it") {
  Taken in;
  std::vector<Member> members;
  for (int i = 0; i < 101; ++i) members.push_back({"f" + std::to_string(i), ""});
  CHECK(in.take(whole(members)).problem == "it has more than 100 files");
}

TEST_CASE("what is left out is read all the same, and counts") {
  Taken in;
  const auto done = in.take(tarred({"huge", std::string(2 << 20, 'x'), '0', {}, octal(1UL << 32, 11)}) + std::string(20 << 20, 'x'));
  CHECK(done.problem == "it is more than 8 MiB in all");
  CHECK_FALSE(in.wanted);
}

TEST_CASE("a header without end, zeros without end, and what is no archive") {
  Taken header;
  std::string names;
  for (int i = 0; i < 5000; ++i) names += tarred({"././@LongLink", std::string(1000, 'n'), 'L'});
  CHECK_FALSE(header.take(names).problem.empty());
  Taken zeros;
  CHECK(zeros.take(whole({{"a", "a"}}) + std::string(30 << 20, '\0')).problem == "it does not end where its end is");
  CHECK_FALSE(zeros.wanted);
  CHECK(zeros.made() == Files{{"a", "a"}});
  Taken noise;
  CHECK_FALSE(noise.take(std::string(100'000, 'x')).problem.empty());
  CHECK(Taken().take("").problem.empty());
  Taken cut;
  CHECK_FALSE(cut.take(whole({{"a", std::string(10'000, 'a')}}).substr(0, 5000)).problem.empty());
}

TEST_CASE("the stop is obeyed in the middle of a file") {
  Taken in;
  Unpacker unpacker(in.folder, in.limits, in.allowance, in.stop.get_token());
  CHECK(unpacker.feed(tarred({"a", "a", '0', {}, octal(1 << 19, 11)})));
  in.stop.request_stop();
  CHECK_FALSE(unpacker.feed("x"));
  CHECK(unpacker.finish().problem == "it was stopped");
}

TEST_CASE("damaged archives make nothing but files and directories") {
  std::mt19937 random(20260101);
  const auto good = whole(
      {{"a/b", std::string(700, 'b')}, {"l", "", '2', "/etc"}, {"././@LongLink", std::string(200, 'n'), 'L'}, {"long", "x"}, {"z", "z"}});
  for (int round = 0; round < 400; ++round) {
    Taken in;
    auto bytes = good;
    for (auto changes = 1 + random() % 5; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    in.take(bytes.substr(0, random() % 3 == 0 ? random() % bytes.size() : bytes.size()), 1 + random() % 2000);
    in.made();
  }
}
