// Archives that a service names in JSON: an API of the form of Eclipse Temurin's.

#include "lab.hpp"
#include "support/catch.hpp"
#include "support/http_server.hpp"

using namespace tidelab;
using namespace tidelab::artifact;
using Catch::Matchers::ContainsSubstring;
using tests::HttpServer;
using tests::Lab;
using tests::Request;
using tests::Response;

namespace {

/// The API and, behind a redirect to another name of this machine, the files; as the real ones are laid out.
struct Api {
  std::string content = "a runtime", digest = sha256_text(content);
  long long size = static_cast<long long>(content.size());
  HttpServer files{[this](const Request&) { return Response{200, content}; }};
  HttpServer server{[this](const Request& request) {
    Response response;
    if (request.path.starts_with("/releases/")) {
      response.status = 302;
      response.headers["Location"] = "http://localhost:" + std::to_string(files.port()) + "/blob";
    } else if (request.path.starts_with("/v3/17?")) {
      response.body = R"([{"release_name":"jdk-17.0.13+11","binaries":[{"package":{"link":")" + server.url("/releases/17.tar.gz") +
                      R"(","checksum":")" + digest + R"(","size":)" + std::to_string(size) + "}}]}]";
    } else if (request.path.starts_with("/v3/near")) {
      response.body = R"([{"release_name":"jdk8u282-b08"},{"release_name":"jdk8u292-b10"}])";
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
