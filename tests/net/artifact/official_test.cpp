// Downloads from a loopback server that lies, breaks off, and changes its mind.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>
#include <thread>

#include "artifact/download.hpp"
#include "lab.hpp"
#include "support/catch.hpp"
#include "support/http_server.hpp"

using namespace tidelab;
using namespace tidelab::artifact;
namespace fs = std::filesystem;
using tests::HttpServer;
using tests::Lab;
using tests::official;
using tests::Request;
using tests::Response;
using tests::wanted;

namespace {

const std::string content = [] {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += std::to_string(i) + " ";
  return text;
}();
const std::string right = "sha256:" + sha256_text(content);

Response with_etag(Response response, const std::string& etag) {
  response.headers["ETag"] = etag;
  return response;
}

Response plain(const std::string& body) {
  Response response;
  response.body = body;
  return response;
}

Response status(int code) {
  Response response;
  response.status = code;
  return response;
}

/// A port on which nobody listens, found by letting the kernel choose one. It stays bound, so that nobody takes it.
struct ClosedPort {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  int port = 0;
  ClosedPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  ~ClosedPort() { ::close(fd); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port) + "/a.tgz"; }
};

}  // namespace

TEST_CASE("a download with a right checksum is kept, and the second time nobody is asked") {
  Lab lab;
  HttpServer server([](const Request&) { return plain(content); });
  const auto kafka = wanted({official(server.url("/k.tgz"), right)});
  const auto got = Store(lab.cache).acquire(kafka, lab.control());
  REQUIRE(got);
  CHECK(tests::read_all(got->path) == content);
  CHECK(fs::path(got->path).filename() == "kafka.tgz");
  CHECK("sha256:" + got->sha256 == right);
  CHECK_FALSE(got->from_cache);
  CHECK(lab.files().size() == 2);
  const auto again = Store(lab.cache).acquire(kafka, lab.control());
  REQUIRE(again);
  CHECK(again->from_cache);
  CHECK(again->path == got->path);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("the published checksum file is asked first and redirects are followed") {
  Lab lab;
  HttpServer server([](const Request& request) {
    if (request.path == "/sum") return plain("k.tgz: " + sha256_text(content) + "\n");
    if (request.path == "/real") return plain(content);
    auto response = status(302);
    response.headers["Location"] = "/real";
    response.body = "moved";
    return response;
  });
  auto source = official(server.url("/k.tgz"), "");
  source.checksum_url = server.url("/sum");
  const auto got = Store(lab.cache).acquire(wanted({source}), lab.control());
  REQUIRE(got);
  CHECK(tests::read_all(got->path) == content);
  CHECK(server.requests().at(0).path == "/sum");
}

TEST_CASE("without a checksum nothing is downloaded") {
  Lab lab;
  HttpServer server([](const Request&) { return plain(content); });
  const auto got = Store(lab.cache).acquire(wanted({official(server.url("/k.tgz"), "")}), lab.control());
  REQUIRE_FALSE(got);
  CHECK_THAT(got.error().evidence, Catch::Matchers::ContainsSubstring("no checksum is known"));
  CHECK(server.requests().empty());
}

TEST_CASE("a wrong checksum ends the search and leaves nothing") {
  Lab lab;
  HttpServer server([](const Request&) { return with_etag(plain("evil"), "\"1\""); });
  const auto got =
      Store(lab.cache).acquire(wanted({official(server.url("/k.tgz"), right), tests::assembled(lab.script("echo ok >$2"))}), lab.control());
  REQUIRE_FALSE(got);
  CHECK(got.error().what == "kafka 2.7.0: wrong checksum");
  CHECK(got.error().expected == right);
  CHECK(got.error().actual == "sha256:" + sha256_text("evil"));
  CHECK(lab.files().empty());
  CHECK(lab.runs() == 0);
}

TEST_CASE("a broken download is resumed when the validator is strong") {
  Lab lab;
  const std::string etag = GENERATE("\"one\"", "W/\"one\"");
  std::atomic<int> served = 0;
  HttpServer server([&](const Request& request) {
    auto response = with_etag(tests::serve_range(request, content), etag);
    if (served++ < 2) response.cut_after = 1000;
    return response;
  });
  const auto kafka = wanted({official(server.url("/k.tgz"), right)});
  Store store(lab.cache);
  const auto broken = store.acquire(kafka, lab.control());
  REQUIRE_FALSE(broken);
  const bool strong = etag[0] != 'W';
  CHECK_THAT(broken.error().evidence, Catch::Matchers::ContainsSubstring(strong ? "broke off after 2000 of" : "broke off after 1000 of"));
  const auto got = store.acquire(kafka, lab.control());
  REQUIRE(got);
  CHECK(tests::read_all(got->path) == content);
  for (const int at : {1, 2}) {  // in the same run, and in the next
    CHECK(server.requests().at(at).header("range") == (strong ? "bytes=" + std::to_string(at) + "000-" : ""));
    CHECK(server.requests().at(at).header("if-range") == (strong ? etag : ""));
  }
  CHECK(lab.files().size() == 2);
}

TEST_CASE("a resume starts over when the server ignores it, or the file is another by now") {
  Lab lab;
  const bool careless = GENERATE(false, true);  // careless: answers 206 although the ETag changed
  std::atomic<int> served = 0;
  const std::string old(content.size(), '!');
  HttpServer server([&](const Request& request) {
    if (served++ == 0) {
      auto response = with_etag(plain(old), "\"one\"");
      response.cut_after = 1000;
      return response;
    }
    return with_etag(careless ? tests::serve_range(request, content) : plain(content), "\"two\"");
  });
  const auto kafka = wanted({official(server.url("/k.tgz"), right)});
  Store store(lab.cache);
  const auto got = store.acquire(kafka, lab.control());
  REQUIRE(got);
  CHECK(tests::read_all(got->path) == content);
  CHECK(server.requests().size() == (careless ? 3 : 2));
}

TEST_CASE("an archive with several addresses: the next is asked where one has it not, and the digest is one for all") {
  Lab lab;
  HttpServer old([](const Request& request) {
    Response response = plain(content);
    if (request.path == "/sum") response.body = right.substr(7) + "  k.tgz\n";
    return response;
  });
  HttpServer fast([](const Request&) { return status(404); });
  auto source = official(fast.url("/k.tgz"), "");
  source.urls.push_back(old.url("/k.tgz"));
  source.checksum_url = old.url("/sum");
  const auto got = Store(lab.cache).acquire(wanted({source}), lab.control());
  REQUIRE(got);
  CHECK(got->from == old.url("/k.tgz"));
  CHECK(got->verified_by == "sha256 published at " + old.url("/sum"));
  source.urls.back() = old.url("/sum");  // another file there, and no third address
  const auto wrong = Store(lab.cache).acquire(wanted({source}, "9"), lab.control());
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().evidence, Catch::Matchers::ContainsSubstring("from     " + old.url("/sum")));
}

TEST_CASE("a download that breaks off behind a redirect to another host is resumed there") {
  Lab lab;
  std::atomic<int> served = 0;
  HttpServer files([&](const Request& request) {
    auto response = with_etag(tests::serve_range(request, content), "\"one\"");
    if (served++ == 0) response.cut_after = 1000;
    return response;
  });
  HttpServer front([&](const Request&) {
    auto response = status(302);
    response.headers["Location"] = "http://localhost:" + std::to_string(files.port()) + "/k.tgz";
    return response;
  });
  const auto got = Store(lab.cache).acquire(wanted({official(front.url("/k.tgz"), right)}), lab.control());
  REQUIRE(got);
  CHECK(files.requests().at(1).header("range") == "bytes=1000-");
}

TEST_CASE("a server that asks for patience is asked once more") {
  Lab lab;
  std::atomic<int> served = 0;
  HttpServer server([&](const Request&) { return served++ == 0 ? status(503) : plain(content); });
  CHECK(Store(lab.cache).acquire(wanted({official(server.url("/k.tgz"), right)}), lab.control()));
}

TEST_CASE("404 falls over to the next source, and when all fail each has its say") {
  Lab lab;
  HttpServer server([](const Request&) { return status(404); });
  Store store(lab.cache);
  const auto missing = official(server.url("/k.tgz"), right);
  const auto got = store.acquire(wanted({missing, tests::assembled(lab.script("echo ok >$2"))}), lab.control());
  REQUIRE(got);
  CHECK(got->kind == Kind::assembled);
  CHECK(got->note == "stand-in");
  const auto none = store.acquire(wanted({missing, tests::file("/nowhere/x")}, "9"), lab.control());
  REQUIRE_FALSE(none);
  CHECK(none.error().why == step::Why::failed);
  CHECK_THAT(none.error().what, Catch::Matchers::ContainsSubstring("kafka 9"));
  CHECK_THAT(none.error().evidence,
             Catch::Matchers::ContainsSubstring("/k.tgz answered 404") && Catch::Matchers::ContainsSubstring("/nowhere/x: No such file"));
  CHECK(lab.files().size() == 2);
}

TEST_CASE("a host that cannot be reached is asked once and said once") {
  Lab lab;
  Store store(lab.cache);
  auto closed = std::make_unique<ClosedPort>();
  const auto url = closed->url();
  const auto one = store.acquire(wanted({official(url, right)}), lab.control());
  REQUIRE_FALSE(one);
  CHECK(one.error().why == step::Why::unreachable);
  REQUIRE(::listen(closed->fd, 8) == 0);  // from now on it would answer
  const auto two = store.acquire(wanted({official(url, right)}, "4.1.0"), lab.control());
  REQUIRE_FALSE(two);
  CHECK(two.error().why == step::Why::unreachable);
  CHECK(lab.said_with("127.0.0.1 cannot be reached: using other sources") == 1);
}

TEST_CASE("a name that does not resolve is unreachable") {
  Lab lab;  // a label of 70 letters is refused by the resolver itself, so no packet leaves
  const auto got = Store(lab.cache).acquire(wanted({official("http://" + std::string(70, 'a') + ".invalid/k", right)}), lab.control());
  REQUIRE_FALSE(got);
  CHECK(got.error().why == step::Why::unreachable);
}

TEST_CASE("a proxy is not used for loopback") {
  Lab lab;
  HttpServer server([](const Request&) { return plain(content); });
  ClosedPort proxy;
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const auto got = Store(lab.cache).acquire(wanted({official(server.url("/k.tgz"), right)}), lab.control());
  ::unsetenv("http_proxy");
  CHECK(got);
}

TEST_CASE("the stop ends a download that hangs") {
  Lab lab;
  std::stop_source stop;
  HttpServer server([&](const Request&) {
    stop.request_stop();
    auto response = plain(content);
    response.delay = std::chrono::seconds(50);
    return response;
  });
  const auto got = Store(lab.cache).acquire(wanted({official(server.url("/k.tgz"), right)}), lab.control(stop.get_token()));
  REQUIRE_FALSE(got);
  CHECK(got.error().why == step::Why::interrupted);
  CHECK(lab.files().empty());
}

namespace {
/// Makes the disk below `path` small for the thread that calls it: a tmpfs in a mount namespace of its own, else a limit.
void make_small(const std::string& path) {
  fs::create_directories(path);
  if (::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0)
    return;
  WARN("no mount namespace: a full disk is played with RLIMIT_FSIZE");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 64 << 10;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}
}  // namespace

TEST_CASE("a full disk is said with its place, ends the search, and is left as it was") {
  Lab lab;
  HttpServer server([](const Request&) { return with_etag(plain(content), "\"1\""); });
  const auto big = lab.write("big", content);
  const auto script = tests::assembled(lab.script("cat " + big + " >$2 || exit 1"));
  const std::vector<Source> kinds = {official(server.url("/k.tgz"), right), script, tests::file(big)};
  const auto source = kinds.at(GENERATE(0U, 1U, 2U));
  Result<Acquired> got = step::fail(step::Why::failed, "not run");
  std::vector<std::string> left;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  std::thread([&] {
    make_small(lab.cache);
    got = Store(lab.cache).acquire(wanted({source, tests::file("/nowhere")}), lab.control());
    left = lab.files();
  }).join();
  ::setrlimit(RLIMIT_FSIZE, &before);
  REQUIRE_FALSE(got);
  CHECK_THAT(got.error().what, Catch::Matchers::StartsWith("disk full: ") && Catch::Matchers::ContainsSubstring(lab.cache) &&
                                   Catch::Matchers::ContainsSubstring("bytes are free"));
  CHECK(left.empty());
}

TEST_CASE("a server that crawls, or talks without end, is given up") {
  Lab lab;
  Unreachable unreachable;
  HttpServer server([](const Request& request) {
    if (request.path == "/headers") {
      Response endless = plain("x");
      for (int i = 0; i < 4000; ++i) endless.headers["X-" + std::to_string(i)] = std::string(100, 'x');
      return endless;
    }
    auto slow = plain(std::string(1000, 'x'));
    slow.a_second = 2;
    return slow;
  });
  Download download{server.url("/slow"), {}, {}, [](std::string_view) { return true; }, std::chrono::seconds(2)};
  const auto crawled = get(download, lab.control(), unreachable);
  REQUIRE_FALSE(crawled);
  CHECK(crawled.error().failure.why == step::Why::failed);
  CHECK(crawled.error().failure.what.find("Operation too slow") != std::string::npos);
  download.url = server.url("/headers");
  const auto headers = get(download, lab.control(), unreachable);
  REQUIRE_FALSE(headers);
  CHECK(headers.error().failure.what == download.url + ": its headers are larger than 256 KiB");
}

TEST_CASE("an error that goes on and on is an error, and an archive that is larger than any is none") {
  Lab lab;
  Unreachable unreachable;
  HttpServer server([](const Request& request) {
    auto out = plain(std::string(8 << 20, 'x'));
    if (request.path == "/error") out.status = 404;
    if (request.path == "/large") out.headers["Content-Length"] = std::to_string(1LL << 50);
    return out;
  });
  const auto error = get({server.url("/error"), {}, {}, {}}, lab.control(), unreachable);
  REQUIRE(error);
  CHECK(error->status == 404);
  const auto got = Store(lab.cache).acquire(wanted({official(server.url("/large"), right)}), lab.control());
  REQUIRE_FALSE(got);
  CHECK(got.error().evidence.find("/large is larger than 16 GiB, which no archive is") != std::string::npos);
  CHECK(lab.files().empty());
}
