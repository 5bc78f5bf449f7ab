// The HTTP door against a small server on loopback.
#include "client/http.hpp"

#include <cstdlib>
#include <thread>

#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/listener.hpp"

using namespace tidelab;
using namespace std::chrono_literals;
using client::http;
using step::Clock;
using step::Control;
using step::Why;
using tests::HttpServer;
using tests::Request;
using tests::Response;

namespace {
Control within(std::chrono::milliseconds time) { return Control{Clock::now() + time}; }
Response hello(const Request&) { return {200, "hello"}; }
}  // namespace

TEST_CASE("any complete answer is an answer, whatever its status") {
  const auto status = GENERATE(200, 201, 204, 302, 404, 500, 503);
  const HttpServer server([=](const Request&) { return Response{status, status == 204 ? "" : "text", {{"Location", "/elsewhere"}}}; });
  const auto answer = http({"GET", server.url("/a?b=c"), "", {}}, within(5s));
  REQUIRE(answer);
  CHECK(answer->status == status);
  CHECK(answer->body == (status == 204 ? "" : "text"));
  CHECK(server.requests().size() == 1);  // no redirect is followed
  CHECK(server.requests()[0].path == "/a?b=c");
}

TEST_CASE("method, body and headers arrive as they are given") {
  const auto method = GENERATE(std::string("POST"), "PUT", "PATCH", "DELETE", "GET");
  CAPTURE(method);
  const HttpServer server(hello);
  REQUIRE(http({method, server.url(), "{\"a\":\"é\"}", {{"X-One", "1"}, {"X-Empty", ""}}}, within(5s)));
  const auto got = server.requests().at(0);
  CHECK(got.method == method);
  CHECK(got.body == "{\"a\":\"é\"}");
  CHECK(got.header("content-type") == "application/json");
  CHECK(got.header("x-one") == "1");
  CHECK(got.headers.contains("x-empty"));
}

TEST_CASE("a content type of the caller's stands, and no body has none") {
  const HttpServer server(hello);
  REQUIRE(http({"POST", server.url(), "x", {{"content-TYPE", "text/plain"}}}, within(5s)));
  REQUIRE(http({"POST", server.url(), "", {}}, within(5s)));
  REQUIRE(http({"DELETE", server.url(), "", {}}, within(5s)));
  CHECK(server.requests()[0].header("content-type") == "text/plain");
  CHECK(!server.requests()[1].headers.contains("content-type"));
  CHECK(server.requests()[1].header("content-length") == "0");
  CHECK(server.requests()[2].method == "DELETE");
}

TEST_CASE("a body of megabytes goes without waiting for a 100 Continue") {
  const HttpServer server(hello);
  const std::string big(3 << 20, 'x');
  REQUIRE(http({"PUT", server.url(), big, {}}, within(10s)));
  CHECK(server.requests()[0].body == big);
  CHECK(!server.requests()[0].headers.contains("expect"));
}

TEST_CASE("HEAD ends without a body") {
  const HttpServer server(hello);
  const auto answer = http({"HEAD", server.url(), "", {}}, within(5s));
  REQUIRE(answer);
  CHECK(answer->body.empty());
}

TEST_CASE("a connection is kept, also over errors, and a proxy of the environment is ignored") {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const HttpServer server(hello);
  for (int i = 0; i < 3; ++i) CHECK(http({"GET", server.url(), "", {}}, within(5s)));
  CHECK(!http({"GET", "http://127.0.0.1:" + std::to_string(tests::closed_port()), "", {}}, within(5s)));
  CHECK(http({"GET", server.url(), "", {}}, within(5s)));
  CHECK(server.connections() == 1);
  unsetenv("http_proxy");
}

TEST_CASE("what is no complete answer is a refusal") {
  SECTION("nobody listens") {
    const auto url = "http://127.0.0.1:" + std::to_string(tests::closed_port());
    CHECK(http({"GET", url, "", {}}, within(5s)).error().why == Why::refused);
  }
  SECTION("closed without a word") {
    const HttpServer server([](const Request&) {
      Response none;
      none.close_without_answer = true;
      return none;
    });
    CHECK(http({"GET", server.url(), "", {}}, within(5s)).error().why == Why::refused);
  }
  SECTION("a body that is cut") {
    const HttpServer server([](const Request&) { return Response{200, "0123456789", {}, 0ms, 4}; });
    const auto answer = http({"GET", server.url(), "", {}}, within(5s));
    CHECK(answer.error().why == Why::refused);
    CHECK(answer.error().evidence == "0123");
  }
  SECTION("not HTTP") {
    const tests::Listener listener("SSH-2.0-x\r\n");
    CHECK(http({"GET", "http://" + listener.address(), "", {}}, within(5s)).error().why == Why::refused);
  }
  SECTION("too large") {
    const HttpServer server([](const Request&) { return Response{200, std::string((16 << 20) + 1, 'x')}; });
    const auto answer = http({"GET", server.url(), "", {}}, within(60s));
    CHECK(answer.error().why == Why::refused);
    CHECK_THAT(answer.error().what, Catch::Matchers::ContainsSubstring("larger than 16 MiB"));
  }
}

TEST_CASE("a slow server ends at the deadline, and the next request is not disturbed") {
  const HttpServer server([](const Request& request) { return Response{200, request.path, {}, request.path == "/slow" ? 5000ms : 0ms}; });
  const auto control = within(150ms);
  const auto answer = http({"GET", server.url("/slow"), "", {}}, control);
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::timed_out);
  CHECK(control.expired());
  CHECK(http({"GET", server.url("/quick"), "", {}}, within(5s)).value().body == "/quick");
}

TEST_CASE("a stop wakes a request without a deadline") {
  const HttpServer server([](const Request&) { return Response{200, "", {}, 60s}; });
  std::stop_source source;
  const std::jthread user([&] {
    step::pause({}, 50ms);
    source.request_stop();
  });
  const auto answer = http({"GET", server.url(), "", {}}, Control{Clock::time_point::max(), source.get_token()});
  REQUIRE(!answer);
  CHECK(answer.error().why == Why::interrupted);
}

TEST_CASE("names, schemes and headers that cannot be") {
  CHECK(http({"GET", "http://no-such-host.invalid/", "", {}}, within(20s)).error().why == Why::unreachable);
  CHECK(http({"GET", "file:///etc/passwd", "", {}}, within(5s)).error().why == Why::failed);
  CHECK(http({"GET", "http://127.0.0.1/", "", {{"A", "b\r\nC: d"}}}, within(5s)).error().why == Why::failed);
}

TEST_CASE("the test server serves ranges") {
  const std::string content = "0123456789";
  const HttpServer server([&](const Request& request) { return tests::serve_range(request, content); });
  const auto get = [&](const std::string& range) { return http({"GET", server.url(), "", {{"Range", range}}}, within(5s)).value(); };
  CHECK(get("bytes=4-").status == 206);
  CHECK(get("bytes=4-").body == "456789");
  CHECK(get("bytes=4-5").body == "45");
  CHECK(get("bytes=10-").status == 416);
}

TEST_CASE("headers without end are refused, and the bound is told") {
  const HttpServer server([](const Request&) {
    Response out{200, "x"};
    for (int i = 0; i < 300; ++i) out.headers["X-" + std::to_string(i)] = std::string(5000, 'h');
    return out;
  });
  const auto answer = http({"GET", server.url(), "", {}}, within(30s));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().why == Why::refused);
  CHECK_THAT(answer.error().what, Catch::Matchers::ContainsSubstring("the headers of the answer are larger than 256 KiB"));
}
