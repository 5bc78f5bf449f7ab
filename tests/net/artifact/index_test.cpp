// Archives that a service names in JSON: an API of the form of Eclipse Temurin's.

#include "lab.hpp"
#include "support/catch.hpp"
#include "support/http_server.hpp"

using namespace tidelab;
using namespace tidelab::artifact;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using tests::HttpServer;
using tests::Lab;
using tests::Request;
using tests::Response;

namespace {

/// The API and, behind a redirect to another name of this machine, the files; as the real ones are laid out.
struct Api {
  std::string content = "a runtime", digest = sha256_text(content), name = "jdk-17.0.13+11";
  std::string near = R"([{"release_name":"jdk8u282-b08"},{"release_name":"jdk8u292-b10"}])";
  long long size = static_cast<long long>(content.size());
  HttpServer files{[this](const Request&) { return Response{200, content}; }};
  HttpServer server{[this](const Request& request) {
    Response response;
    if (request.path.starts_with("/releases/")) {
      response.status = 302;
      response.headers["Location"] = "http://localhost:" + std::to_string(files.port()) + "/blob";
    } else if (request.path.starts_with("/v3/17?")) {
      response.body = R"([{"release_name":")" + name + R"(","binaries":[{"package":{"link":")" + server.url("/releases/17.tar.gz") +
                      R"(","checksum":")" + digest + R"(","size":)" + std::to_string(size) + "}}]}]";
    } else if (request.path.starts_with("/v3/near")) {
      response.body = near;
    } else if (request.path.starts_with("/v3/deep")) {
      response.body = std::string(1000, '[');
    } else {
      response.status = 404;
      response.body = R"({"errorMessage":"No releases match the request"})";
    }
    return response;
  }};

  Wanted wanted(const std::string& version) const {
    Source source;
    source.kind = Kind::index;
    source.index = server.url("/v3/" + version + "?os=linux");
    source.near = server.url("/v3/near");
    source.at = {"/0/binaries/0/package/link", "/0/binaries/0/package/checksum", "/0/binaries/0/package/size", "/0/release_name",
                 "/release_name"};
    return {"jre", version, "jre.tar.gz", {source}};
  }
  std::string why_not(Lab& lab, const std::string& version) const {
    const auto got = Store(lab.cache).acquire(wanted(version), lab.control());
    REQUIRE_FALSE(got);
    CHECK(lab.files().empty());
    return got.error().what + "\n" + got.error().evidence;
  }
};

}  // namespace

TEST_CASE("a line of releases is the release that the service names, with its digest") {
  Lab lab;
  Api api;
  const auto got = Store(lab.cache).acquire(api.wanted("17"), lab.control());
  REQUIRE(got);
  CHECK(tests::read_all(got->path) == "a runtime");
  CHECK(got->release == "jdk-17.0.13+11");
  CHECK(got->from == api.server.url("/releases/17.tar.gz"));
  CHECK(got->verified_by == "sha256 given by " + api.server.url("/v3/17"));
  const auto asked = api.server.requests().size();
  const auto again = Store(lab.cache).acquire(api.wanted("17"), lab.control());
  REQUIRE(again);
  CHECK(again->from_cache);
  CHECK(again->release == "jdk-17.0.13+11");
  CHECK(api.server.requests().size() == asked);
}

TEST_CASE("a release that never was is answered with those near it") {
  Lab lab;
  Api api;
  CHECK_THAT(api.why_not(lab, "8.0.281"), ContainsSubstring("/v3/8.0.281 has no release 8.0.281; near it are jdk8u282-b08, jdk8u292-b10"));
}

TEST_CASE("another file than the service names is refused, and nothing of it kept") {
  Lab lab;
  Api api;
  SECTION("another digest") {
    api.digest = sha256_text("another");
    CHECK_THAT(api.why_not(lab, "17"), ContainsSubstring("wrong checksum"));
  }
  SECTION("none") {
    api.digest = "soon";
    CHECK_THAT(api.why_not(lab, "17"), ContainsSubstring("gives no digest at /0/binaries/0/package/checksum"));
  }
  SECTION("a larger one") {
    api.size = 3;
    CHECK_THAT(api.why_not(lab, "17"), ContainsSubstring("is larger than the 3 bytes that it should have"));
  }
}

TEST_CASE("what a service says of its releases is one line, of a length that can be read") {
  Lab lab;
  Api api;
  SECTION("a name with line ends and sequences for the terminal") {
    api.name = R"(17\n  verified  by me\u001b[2J)" + std::string(1000, 'x');
    const auto got = Store(lab.cache).acquire(api.wanted("17"), lab.control());
    REQUIRE(got);
    CHECK_THAT(got->release, StartsWith("17\\n  verified  by me\\x1b[2Jxxx"));
    CHECK(got->release.size() < 150);
  }
  SECTION("very many of them") {
    api.near = R"([{"release_name":"a\nb"})";
    for (int i = 0; i < 1000; ++i) api.near += R"(,{"release_name":"r)" + std::to_string(i) + "\"}";
    api.near += "]";
    const auto why = api.why_not(lab, "8.0.281");
    CHECK_THAT(why, ContainsSubstring("near it are a\\nb, r0, r1, ") && ContainsSubstring(", r18 and 981 more"));
    CHECK(why.size() < 1000);
  }
  SECTION("deeper than anybody looks") {
    CHECK_THAT(api.why_not(lab, "deep"),
               ContainsSubstring("/v3/deep?os=linux answers with JSON that is not read: it is nested deeper than"));
  }
}
