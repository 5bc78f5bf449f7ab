// TiUP mirrors: one that the real TiUP made, and ones that are wrong in one way each.
#include <filesystem>
#include <fstream>
#include <thread>

#include "artifact/mirror.hpp"
#include "lab.hpp"
#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/tiup_mirror.hpp"

using namespace tidelab;
using namespace tidelab::artifact;
namespace fs = std::filesystem;
using tests::HttpServer;
using tests::Lab;
using tests::Request;
using tests::Response;
using tests::TiupMirror;

namespace {

const std::string golden = std::string(TIDELAB_TEST_HOME) + "/golden_mirror";
const std::string amd64 = "linux/amd64";

Source of(const std::string& mirror, const std::string& component, RootPin root = {}) {
  Source source;
  source.kind = Kind::tiup;
  source.mirror = mirror;
  source.component = component;
  source.platform = amd64;
  source.root = std::move(root);
  return source;
}

Wanted wanted_from(const std::string& mirror, const std::string& component, const std::string& version, RootPin root = {}) {
  return {component, version, component + ".tar.gz", {of(mirror, component, std::move(root))}};
}

/// Keys take time to make, so all tests have the same.
const TiupMirror& blank() {
  static const TiupMirror made = [] {
    TiupMirror mirror;
    mirror.releases = {{"pd", {{amd64, {{"v8.5.0", "pd 8.5.0"}, {"v8.5.3", "pd 8.5.3"}, {"v7.1.0", "pd 7.1.0"}}}}},
                       {"tidb", {{amd64, {{"v8.5.0", "tidb 8.5.0"}}}}},
                       {"tikv", {{amd64, {{"v8.5.0", "tikv 8.5.0"}}}}},
                       {"cdc", {{amd64, {{"v8.5.0", "cdc 8.5.0"}}}}}};
    mirror.write();
    return mirror;
  }();
  return made;
}
const std::vector<tests::SigningKey>& spare_keys() {
  static const std::vector<tests::SigningKey> keys(2);
  return keys;
}

/// Serves what the test has in `mirror` at that moment.
struct Served {
  TiupMirror mirror = blank();
  std::mutex mutex;
  std::function<std::optional<Response>(const Request&)> other;
  HttpServer server{[this](const Request& request) {
    const std::lock_guard lock(mutex);
    if (other)
      if (auto answer = other(request)) return *answer;
    const auto found = mirror.files.find(request.path);
    Response response;
    response.status = found == mirror.files.end() ? 404 : 200;
    if (response.status == 200) response.body = found->second;
    return response;
  }};
  std::string url() const { return server.url(""); }
  int asked(const std::string& part) const {
    int count = 0;
    for (const auto& each : server.requests()) count += each.path.find(part) != std::string::npos ? 1 : 0;
    return count;
  }
};

std::string why_not(Lab& lab, const std::string& mirror, const std::string& component = "pd", const std::string& version = "v8.5.0",
                    RootPin root = {}) {
  const auto got = Store(lab.cache).acquire(wanted_from(mirror, component, version, std::move(root)), lab.control());
  REQUIRE_FALSE(got);
  CHECK(got.error().why != step::Why::interrupted);
  return got.error().what + "\n" + got.error().evidence;
}

using Catch::Matchers::ContainsSubstring;

}  // namespace

TEST_CASE("a mirror of the real TiUP is believed, from a directory and from a server") {
  Lab lab;
  HttpServer server([](const Request& request) {
    Response response;
    const auto path = golden + request.path;
    response.status = fs::exists(path) ? 200 : 404;
    if (response.status == 200) response.body = tests::read_all(path);
    return response;
  });
  for (const auto& place : {golden, server.url(""), server.url("") + "/"}) {
    const auto got = Store(lab.cache).acquire(wanted_from(place, "tidb", "v8.5.0"), lab.control());
    REQUIRE(got);
    CHECK(tests::read_all(got->path) == tests::read_all(golden + "/tidb-v8.5.0-linux-amd64.tar.gz"));
    CHECK(got->verified_by == "signatures: tidb.json version 2, root 1, trusted since it was first seen");
    CHECK(got->kind == Kind::tiup);
  }
  CHECK_THAT(why_not(lab, golden, "cdc"), ContainsSubstring("has withdrawn cdc v8.5.0 for linux/amd64; near it are v8.5.4-release.1"));
  auto arm = wanted_from(golden, "tidb", "v8.5.0");
  arm.sources.front().platform = "linux/arm64";
  const auto got = Store(lab.cache).acquire(arm, lab.control());
  REQUIRE(got);
  CHECK(tests::read_all(got->path) == tests::read_all(golden + "/tidb-v8.5.0-linux-arm64.tar.gz"));
  arm = wanted_from(golden, "pd", "v8.5.0");
  arm.sources.front().platform = "linux/arm64";
  const auto none = Store(lab.cache).acquire(arm, lab.control());
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().evidence, ContainsSubstring("has no pd for linux/arm64") && ContainsSubstring("it has it for linux/amd64"));
}

TEST_CASE("a changed byte in any document of a mirror is noticed, or changes nothing") {
  const fs::path copy = fs::path(Lab::make_root());
  const auto release = [&](const std::string& kept) {
    Lab lab;
    Unreachable unreachable;
    return Mirror(copy.string(), {}, lab.root + "/" + kept).find("tidb", "v8.5.0", amd64, lab.control(), unreachable);
  };
  for (const auto& each : fs::directory_iterator(golden)) fs::copy_file(each.path(), copy / each.path().filename());
  const auto right = release("first");
  REQUIRE(right);
  int refused = 0, same = 0;
  for (const auto* name : {"root.json", "timestamp.json", "snapshot.json", "1.index.json", "2.tidb.json"}) {
    const auto text = tests::read_all(copy / name);
    for (std::size_t at = 0; at < text.size(); at += 11) {
      auto changed = text;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      std::ofstream(copy / name) << changed;
      const auto got = release("again");
      if (got) {
        INFO(name << " at " << at);
        CHECK(got->sha256 == right->sha256);
        CHECK(got->place == right->place);
        CHECK(got->bytes == right->bytes);
      }
      got ? ++same : ++refused;
    }
    std::ofstream(copy / name) << text;
  }
  CHECK(refused > 500);
  CHECK(same < refused / 10);  // only what is outside of `signed`, and not needed: a spare signature, say
  fs::remove_all(copy);
}

TEST_CASE("an archive that is not the one of the documents is refused, and nothing else is tried") {
  Lab lab;
  Served served;
  served.mirror.files["/pd-v8.5.0-linux-amd64.tar.gz"] = "pd 8.5.1";
  auto wanted = wanted_from(served.url(), "pd", "v8.5.0");
  wanted.sources.push_back(tests::file(lab.write("pd", "another")));
  auto got = Store(lab.cache).acquire(wanted, lab.control());
  REQUIRE_FALSE(got);
  CHECK(got.error().what == "pd v8.5.0: wrong checksum");
  CHECK_THAT(got.error().evidence, ContainsSubstring(sha256_text("pd 8.5.0")) && ContainsSubstring(sha256_text("pd 8.5.1")) &&
                                       ContainsSubstring(served.url() + "/pd-v8.5.0"));
  served.mirror.files["/pd-v8.5.0-linux-amd64.tar.gz"] = "pd 8.5.0 and more";
  CHECK_THAT(why_not(lab, served.url()), ContainsSubstring("is larger than the 8 bytes that it should have"));
  served.mirror.files.erase("/pd-v8.5.0-linux-amd64.tar.gz");
  CHECK_THAT(why_not(lab, served.url()), ContainsSubstring("answered 404") && ContainsSubstring("the mirror's documents name it"));
}

TEST_CASE("what is over, of each kind of document, is told with its date") {
  for (const std::string type : {"root", "timestamp", "snapshot", "index", "component"}) {
    Lab lab;
    Served served;
    served.mirror.expires[type] = std::time(nullptr) - 86400;
    served.mirror.write();
    INFO(type);
    CHECK_THAT(why_not(lab, served.url()),
               ContainsSubstring("expired on " + TiupMirror::time_text(std::time(nullptr) - 86400).substr(0, 10)));
  }
}

TEST_CASE("too few signatures, those of others, and one that counts twice are none") {
  const auto& spare = spare_keys();
  struct Case {
    std::function<void(TiupMirror&)> change;
    std::string said;
  };
  const auto resign = [](TiupMirror& mirror, const std::string& file, const std::vector<tests::SigningKey>& keys) {
    mirror.files[file] = TiupMirror::signed_by(keys, nlohmann::json::parse(mirror.files[file])["signed"]);
  };
  const std::vector<Case> cases = {
      {[&](auto& m) { resign(m, "/root.json", {m.root_keys[0]}); }, "it has 1 of the 2 signatures"},
      {[&](auto& m) {
         resign(m, "/root.json", {m.root_keys[0], m.root_keys[0]});
       },
       "it has two signatures of the key"},
      {[&](auto& m) {
         resign(m, "/root.json", {m.root_keys[0], spare[0]});
       },
       "it has 1 of the 2 signatures"},
      {[&](auto& m) { resign(m, "/timestamp.json", {spare[0]}); }, "timestamp.json is not trusted: it has 0 of the 1 signatures"},
      {[&](auto& m) { resign(m, "/1.index.json", {m.owner_keys[0]}); }, "1.index.json is not trusted: it has 0 of the 1 signatures"},
      {[&](auto& m) { resign(m, "/1.pd.json", {m.index_keys[0]}); }, "1.pd.json is not trusted: it has 0 of the 1 signatures"},
      {[&](auto& m) {
         auto body = nlohmann::json::parse(m.files["/1.pd.json"]);
         body["signatures"][0]["sig"] = spare[0].sign(body["signed"].dump());
         m.files["/1.pd.json"] = body.dump();
       },
       "its signature by the key"},
      {[&](auto& m) { m.files["/timestamp.json"] = std::string(2000, ' ') + m.files["/timestamp.json"]; }, "larger than the 1024 bytes"},
      {[&](auto& m) { m.files["/snapshot.json"] += " "; }, "it is larger than the"},
      {[&](auto& m) { m.files["/1.index.json"] += " "; }, "it is larger than the"},
      {[&](auto& m) { m.files["/root.json"] = "<html>"; }, "it is no JSON"},
      {[&](auto& m) { m.files["/1.pd.json"] = "[]"; }, "it is no signed document"},
      {[&](auto& m) { m.files.erase("/1.pd.json"); }, "1.pd.json is not there"},
      {[&](auto& m) { m.files.erase("/root.json"); }, "is no mirror of TiUP"},
      {[&](auto& m) { m.files["/timestamp.json"] = m.files["/root.json"].substr(0, 900); }, "it is no JSON"},
  };
  for (const auto& each : cases) {
    Lab lab;
    Served served;
    each.change(served.mirror);
    CHECK_THAT(why_not(lab, served.url()), ContainsSubstring(each.said));
  }
}

TEST_CASE("a document in another's place is refused, though its signature is good") {
  Lab lab;
  Served served;
  const auto pd = served.mirror.files["/1.pd.json"];
  served.mirror.files["/1.pd.json"] = served.mirror.files["/1.tidb.json"];
  served.mirror.write_snapshot();
  CHECK_THAT(why_not(lab, served.url()), ContainsSubstring("it is about `tidb`"));
  served.mirror.files["/2.pd.json"] = pd;
  served.mirror.component_version = 2;
  for (const auto* other : {"tidb", "tikv", "cdc"}) served.mirror.files[std::string("/2.") + other + ".json"] = "";
  served.mirror.write_snapshot();
  CHECK_THAT(why_not(lab, served.url()), ContainsSubstring("it says that it is version 1"));
}

TEST_CASE("an older document than one that was seen is refused") {
  Lab lab;
  Served served;
  auto older = served.mirror;
  served.mirror.timestamp_version = 5;
  served.mirror.index_version = served.mirror.component_version = 3;
  served.mirror.write();
  REQUIRE(Store(lab.cache).acquire(wanted_from(served.url(), "pd", "v8.5.0"), lab.control()));
  const auto newest = served.mirror;
  served.mirror = older;
  CHECK_THAT(why_not(lab, served.url(), "tidb"),
             ContainsSubstring("timestamp.json is not trusted: it is version 1, and version 5 was there before"));
  older.timestamp_version = 6;
  older.write();
  served.mirror = older;
  CHECK_THAT(why_not(lab, served.url(), "tidb"), ContainsSubstring("it lists cdc.json of version 1, and version 3 was there before"));
  served.mirror = newest;
  CHECK(Store(lab.cache).acquire(wanted_from(served.url(), "tidb", "v8.5.0"), lab.control()));
}

TEST_CASE("a root that was replaced is followed from the one that is known, and only from there") {
  Lab lab;
  Served served;
  REQUIRE(Store(lab.cache).acquire(wanted_from(served.url(), "pd", "v8.5.0"), lab.control()));
  const auto before = served.mirror;
  served.mirror.root_version = 2;
  served.mirror.root_keys = spare_keys();
  served.mirror.timestamp_keys = {spare_keys()[1]};
  served.mirror.timestamp_version = 2;
  served.mirror.write();
  const auto alone = served.mirror;
  CHECK_THAT(why_not(lab, served.url(), "tidb"), ContainsSubstring("2.root.json is not trusted: it has 0 of the 2 signatures"));
  served.mirror.write_root(before.root_keys);
  served.mirror.write_snapshot();
  const auto got = Store(lab.cache).acquire(wanted_from(served.url(), "tidb", "v8.5.0"), lab.control());
  REQUIRE(got);
  CHECK_THAT(got->verified_by, ContainsSubstring("root 2"));
}

TEST_CASE("a mirror whose keys are known is held to them") {
  Served served;
  const RootPin pin{1, 2, {served.mirror.root_keys[0].id(), served.mirror.root_keys[1].id()}};
  {
    Lab lab;
    const auto got = Store(lab.cache).acquire(wanted_from(served.url(), "pd", "v8.5.0", pin), lab.control());
    REQUIRE(got);
    CHECK(got->verified_by == "signatures: pd.json version 1, root 1");
  }
  {
    Lab lab;
    served.mirror.files.erase("/1.root.json");  // what is served now has these signatures, too
    CHECK(Store(lab.cache).acquire(wanted_from(served.url(), "pd", "v8.5.0", pin), lab.control()));
  }
  Lab lab;
  served.mirror.root_keys = spare_keys();
  served.mirror.write();
  CHECK_THAT(why_not(lab, served.url(), "pd", "v8.5.0", pin),
             ContainsSubstring("it was not signed by the keys that are known of this mirror"));
}

TEST_CASE("what was trusted without keys is not trusted by those who know them") {
  Lab lab;
  Served served;
  REQUIRE(Store(lab.cache).acquire(wanted_from(served.url(), "tidb", "v8.5.0"), lab.control()));
  const RootPin others{1, 2, {spare_keys()[0].id(), spare_keys()[1].id()}};
  CHECK_THAT(why_not(lab, served.url(), "pd", "v8.5.0", others),
             ContainsSubstring("it was not signed by the keys that are known of this mirror"));
}

TEST_CASE("a component that was away comes back no older than it was") {
  Lab lab;
  Served served;
  served.mirror.component_version = 2;
  served.mirror.write();
  REQUIRE(Store(lab.cache).acquire(wanted_from(served.url(), "pd", "v8.5.0"), lab.control()));
  auto without = served.mirror;
  without.releases.erase("pd");
  without.timestamp_version = without.index_version = 2;
  without.write();
  served.mirror = without;
  CHECK_THAT(why_not(lab, served.url(), "pd", "v8.5.3"), ContainsSubstring("has no component `pd`"));
  without.releases = blank().releases;
  without.timestamp_version = without.index_version = 3;
  without.component_version = 1;
  without.releases.erase("tidb"), without.releases.erase("tikv"), without.releases.erase("cdc");
  without.write();
  served.mirror = without;
  CHECK_THAT(why_not(lab, served.url(), "pd", "v8.5.3"), ContainsSubstring("1.pd.json is not trusted: version 2 was there before"));
}

TEST_CASE("a family of components costs six small requests, later runs what has changed, and cached archives none") {
  Lab lab;
  Served served;
  const auto all = [&](const std::string& pd) {
    Store store(lab.cache);
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (const std::string name : {"pd", "tidb", "tikv", "cdc"})
      threads.emplace_back([&, name] {
        const auto got = store.acquire(wanted_from(served.url(), name, name == "pd" ? pd : "v8.5.0"), lab.control());
        good += got ? 1 : 0;
      });
    for (auto& each : threads) each.join();
    CHECK(good == 4);
  };
  const auto look_ups = [&] { return served.asked(".json"); };
  all("v8.5.0");
  CHECK(look_ups() == 9);  // of a mirror that nothing is known of: its root, whether there is a newer one, and the index, once
  CHECK(served.asked("timestamp.json") == 1);
  all("v8.5.0");
  CHECK(look_ups() == 9);
  all("v8.5.3");
  CHECK(look_ups() == 10);  // the timestamp, which says that nothing else has changed
  served.mirror.timestamp_version = served.mirror.component_version = 2;
  served.mirror.write();
  fs::remove_all(lab.cache + "/archives");
  all("v7.1.0");
  CHECK(look_ups() == 16);
}

TEST_CASE("documents of two moments are asked for once more, past what keeps copies") {
  Lab lab;
  Served served;
  const auto old_snapshot = served.mirror.files["/snapshot.json"];
  served.mirror.timestamp_version = served.mirror.component_version = 2;
  served.mirror.write();
  served.other = [&](const Request& request) -> std::optional<Response> {
    if (request.path != "/snapshot.json" || request.header("cache-control") == "no-cache") return std::nullopt;
    Response response;
    response.body = old_snapshot;
    return response;
  };
  CHECK(Store(lab.cache).acquire(wanted_from(served.url(), "pd", "v8.5.0"), lab.control()));
}

TEST_CASE("what a mirror has not is answered with what it has") {
  Lab lab;
  Served served;
  CHECK_THAT(why_not(lab, served.url(), "pd", "v8.5.2"),
             ContainsSubstring("has no pd v8.5.2 for linux/amd64; near it are v8.5.3, v8.5.0, v7.1.0"));
  CHECK_THAT(why_not(lab, served.url(), "tiflash"),
             ContainsSubstring("has no component `tiflash`") && ContainsSubstring("it has cdc, pd, tidb, tikv"));
  CHECK_THAT(why_not(lab, lab.root), ContainsSubstring("is no mirror of TiUP"));
}

TEST_CASE("a directory is a directory, whatever its name begins with") {
  Lab lab;
  fs::copy(golden, lab.root + "/http_mirror");
  const auto before = fs::current_path();
  fs::current_path(lab.root);
  const auto got = Store(lab.cache).acquire(wanted_from("http_mirror", "pd", "v8.5.0"), lab.control());
  fs::current_path(before);
  REQUIRE(got);
  CHECK(got->from == "http_mirror/pd-v8.5.0-linux-amd64.tar.gz");
}

TEST_CASE("what was trusted and is damaged is told, and not begun anew in silence") {
  Lab lab;
  Served served;
  REQUIRE(Store(lab.cache).acquire(wanted_from(served.url(), "pd", "v8.5.0"), lab.control()));
  std::string root;
  for (const auto& each : fs::recursive_directory_iterator(lab.cache + "/mirrors"))
    if (each.path().filename() == "root.json") root = each.path();
  std::ofstream(root) << "{";
  const auto got = Store(lab.cache).acquire(wanted_from(served.url(), "tidb", "v8.5.0"), lab.control());
  REQUIRE_FALSE(got);
  CHECK_THAT(got.error().what, ContainsSubstring("is damaged, so it is not known whom to trust"));
  CHECK_THAT(got.error().help, ContainsSubstring("remove "));
}
