// Directories as TiUP derives them, and roles that are left alone.
#include "unit/topology/world.hpp"

using namespace tidelab;
using namespace tidelab::topology;

namespace {

std::string dir(const std::string& text, const char* name = "data_dir", const char* section = "stores") {
  support::World world({stores, twins, flows, helpers, probes});
  const auto& t = world.read(text);
  CHECK(world.complaints() == "");
  return t.first(section)->find(name)->text.value;
}

}  // namespace

TEST_CASE("a relative directory lies in the one that its param names, else at home") {
  CHECK(dir("stores: [{host: a, data_dir: d/../e}]") == "/home/lab/deploy/store-7000/e");
  CHECK(dir("stores: [{host: a, deploy_dir: here}]", "deploy_dir") == "/home/lab/here");
  CHECK(dir("stores: [{host: a, deploy_dir: here}]") == "/home/lab/here/data");
  CHECK(dir("global: {user: u, deploy_dir: /srv/}\nstores: [{host: a, port: 8}]") == "/srv/store-8/data");
}

TEST_CASE("global.data_dir: relative in each tree, absolute with a directory for each") {
  CHECK(dir("global: {data_dir: dd}\nstores: [{host: a}]") == "/home/lab/deploy/store-7000/dd");
  CHECK(dir("global: {data_dir: /data}\nstores: [{host: a, port: 8}]") == "/data/store-8");
  CHECK(dir("global: {data_dir: /data}\nstores: [{host: a, data_dir: mine}]") == "/home/lab/deploy/store-7000/mine");
  CHECK(dir("global: {data_dir: '/x${y}'}\nstores: [{host: a}]") == "/x${y}/store-7000");  // a person's `${` is itself
}

TEST_CASE("several directories in one value") {
  support::World world({stores, twins, flows, helpers});
  const auto& t = world.read("helpers: [{host: a, data_dir: '/d0/x, rel ,/d1/../d2'}]\nstores: [{host: b}]");
  REQUIRE(world.complaints() == "");
  const auto* value = t.first("helpers")->find("data_dir");
  REQUIRE(value->list.size() == 3);
  CHECK(value->list[1].value == "/home/lab/deploy/helper-7200/rel");
  CHECK(value->list[2].value == "/d2");
}

TEST_CASE("a role that is left alone is an instance, and not one of those that plans are made of") {
  support::World world({stores, twins, flows, helpers});
  const auto& t = world.read("helpers: [{host: a}, {host: b, numa_node: 1}]\nstores: [{host: c}]");
  CHECK(world.complaints() == "");
  CHECK(t.instances.size() == 1);
  CHECK(t.left_alone.size() == 2);
  CHECK(t.of("helpers").size() == 2);
  CHECK(t.count("stores") == 1);
  CHECK(t.first("nothing") == nullptr);
  CHECK(left_alone_note(t) == "left alone, since tidelab does not provision them: Helper (2)");
}

TEST_CASE("one on each host: written or not, but not where it is unwanted") {
  support::World world({stores, twins, flows, helpers, probes});
  const auto& t = world.read("stores: [{host: a}, {host: b, lonely: true}, {host: c}]\ntwins: [{host: d}]");
  CHECK(world.complaints() == "");
  REQUIRE(t.of("probes").size() == 2);
  CHECK(t.of("probes")[1]->host.value == "c");
  CHECK(left_alone_note(t) == "");  // nobody wrote them
}

TEST_CASE("a port that is switched off is none") {
  support::World world({stores, twins, flows, helpers});
  world.read("helpers: [{host: a, off_port: -1}, {host: a, port: 1, off_port: -1, deploy_dir: /x}]\nstores: [{host: b}]");
  CHECK(world.complaints() == "");
}

TEST_CASE("paths on our own machine are absolute, and no claims on hosts") {
  support::World world({stores, twins, flows, helpers});
  world.read(
      "helpers: [{host: a, rules: here}, {host: b, rules: /r}, {host: b, port: 1, off_port: -1, deploy_dir: /y, rules: /r}]\nstores: "
      "[{host: c}]");
  CHECK(world.brief() == "T014 1:28 `rules` must be an absolute path | it is a path on the machine that runs tidelab; begin it with `/`");
}
