#include "guide/changes.hpp"

#include <fmt/format.h>

#include "unit/guide/world.hpp"

namespace tidelab::guide {

namespace {

// `+ - ~ ✗ where field before>after`, one line each.
std::string compare(const std::string& before, const std::string& after) {
  Lab old, now;
  old.read(before);
  now.read(after);
  REQUIRE_FALSE(old.diagnostics.has_errors());
  REQUIRE_FALSE(now.diagnostics.has_errors());
  std::string out;
  for (const auto& each : changes(old.topology, now.topology)) {
    const auto* sign = each.kind == Change::Kind::added ? "+" : each.kind == Change::Kind::removed ? "-" : each.refusal.empty() ? "~" : "x";
    out += sign;
    for (const auto& where : each.where) out += " " + where;
    if (!each.field.empty()) out += " " + each.field + " " + each.before + ">" + each.after + (each.derived ? " derived" : "");
    out += "\n";
  }
  return out;
}

std::string front(const std::string& more) { return "fronts: [{host: a, label: x" + more + "}]\nbacks: [{host: a}]\n"; }

}  // namespace

TEST_CASE("the same topology in other words has no changes") {
  CHECK(compare(front(""), "# a comment\nbacks:\n- host: a\nfronts:\n- {label: x, host: a, port: 7000}\n") == "");
}

TEST_CASE("instances come and go") {
  CHECK(compare(front(""), "fronts: [{host: a, label: x}, {host: b, label: y}]\nbacks: [{host: a}]\n") == "+ fronts 2 (b:7000)\n");
  CHECK(compare("fronts: [{host: a, label: x}, {host: b, label: y}]\nbacks: [{host: a}]\n", front("")) == "- fronts 2 (b:7000)\n");
}

TEST_CASE("instances keep what they are known by, wherever the newer file has them, and nobody gets the number of one that was there") {
  const auto kept = [](const std::string& before, const std::string& after, const topology::Ordinals& known = {}) {
    Lab old, now;
    old.read(before, {"", "", {}, true, false, known}), now.read(after);
    return kept_ordinals(old.topology, now.topology);
  };
  const std::string a = "{host: a}", b = "{host: b}", c = "{host: c}", d = "{host: d}";
  const auto behind = [](const std::vector<std::string>& all) {
    return fmt::format("fronts: [{{host: a, label: x}}]\nbacks: [{}]\n", fmt::join(all, ", "));
  };
  using Kept = topology::Ordinals;
  CHECK(kept(behind({a, b, c}), behind({a, b, c})) == Kept{});
  CHECK(kept(behind({a, b, c}), behind({a, b})) == Kept{});
  CHECK(kept(behind({a, b, c}), behind({b, c})) == Kept{{"backs", {2, 3}}});
  CHECK(kept(behind({a, b, c}), behind({c, a, d})) == Kept{{"backs", {3, 1, 4}}});
  CHECK(kept(behind({b, c}), behind({b, c, d}), {{"backs", {2, 3}}}) == Kept{{"backs", {2, 3, 4}}});
  CHECK(kept(behind({a}), "fronts: [{host: b, label: y}, {host: a, label: x}]\n" + behind({a}).substr(behind({a}).find("backs"))) ==
        Kept{{"fronts", {2, 1}}});
}

TEST_CASE("where members are fixed, none may be added to those that are there") {
  const std::string none = "fronts: [{host: a, label: x}]\n", one = none + "backs: [{host: a}]\n",
                    two = none + "backs: [{host: a}, {host: b}]\n";
  const auto refusal = [](const std::string& before, const std::string& after) {
    Lab old, now;
    old.read(before), now.read(after);
    REQUIRE_FALSE(now.diagnostics.has_errors());
    for (const auto& each : changes(old.topology, now.topology))
      if (each.kind == Change::Kind::added) return each.refusal;
    return std::string("nothing was added");
  };
  CHECK(refusal(one, two) == "they are counted at birth");
  CHECK(refusal(none, two) == "");
  CHECK(refusal(one, "component_versions: {back: 2.0.0}\n" + two) == "");

  // Where those that stay are a majority of all that there will be.
  const std::string newer = "component_versions: {back: 3.0.0}\n", three = none + "backs: [{host: a}, {host: b}, {host: c}]\n";
  const auto no = "they could elect one of themselves";
  CHECK(refusal(newer + one, newer + two) == no);
  CHECK(refusal(newer + one, newer + three) == no);
  CHECK(refusal(newer + two, newer + three) == "");
  CHECK(refusal(newer + one, newer + none + "backs: [{host: b}]\n") == no);
  CHECK(refusal(newer + two, newer + none + "backs: [{host: b}, {host: c}, {host: d}]\n") == no);

  // The first of a section, beside one that was there without it.
  const std::string hosted = "guests: [{host: g}]\n";
  CHECK(refusal(none + hosted, one + hosted) == "the guests have others");
  CHECK(refusal(none, one + hosted) == "");
  CHECK(refusal(newer + none + hosted, newer + one + hosted) == "");
  CHECK(refusal("component_versions: {back: 2.0.0}\n" + one + hosted, "component_versions: {back: 2.0.0}\n" + two + hosted) == "");
}

TEST_CASE("an instance that only moved within its list is the same") {
  CHECK(compare("fronts: [{host: a, label: x}, {host: b, label: y}]\nbacks: [{host: a}]\n",
                "fronts: [{host: b, label: y}, {host: a, label: x}]\nbacks: [{host: a}]\n") == "");
}

TEST_CASE("a value changes") { CHECK(compare(front(""), front(", mode: many")) == "~ fronts 1 (a:7000) mode one>many\n"); }

TEST_CASE("a port is what an instance is known by, and a directory holds what was there") {
  const auto found = compare(front(""), front(", port: 7005"));
  CHECK(found == "x fronts 1 (a:7000) port 7000>7005\nx fronts 1 (a:7000) dir /srv/front-7000>/srv/front-7005 derived\n");
  CHECK(compare(front(""), front(", dir: /data/x")) == "x fronts 1 (a:7000) dir /srv/front-7000>/data/x\n");
}

TEST_CASE("lists, maps and secrets") {
  CHECK(compare(front(""), front(", tags: [a], opts: {k: w, l: m}")) ==
        "~ fronts 1 (a:7000) tags [a, b]>[a]\n~ fronts 1 (a:7000) opts {k: v}>{k: w, l: m}\n");
  CHECK(compare(front(", password: one"), front(", password: two")) == "~ fronts 1 (a:7000) password ***>***\n");
}

TEST_CASE("what may grow may only grow at its end") {
  CHECK(compare(front(", stores: /srv/one"), front(", stores: \"/srv/one,/srv/two\"")) ==
        "~ fronts 1 (a:7000) stores /srv/one>/srv/one,/srv/two\n");
  CHECK(compare(front(", stores: \"/srv/one,/srv/two\""), front(", stores: /srv/one")).find("x ") == 0);
  CHECK(compare(front(""), front(", steps: [one, two]")) == "~ fronts 1 (a:7000) steps [one]>[one, two]\n");
  CHECK(compare(front(""), front(", steps: [two, one]")) == "x fronts 1 (a:7000) steps [one]>[two, one]\n");
}

TEST_CASE("what is left alone may come and go, of its fields is said what the page of fields says") {
  CHECK(compare(front(""), front("") + "guests: [{host: b}]\n") == "+ guests 1 (b:7200)\n");
  CHECK(compare(front("") + "guests: [{host: b}]\n", front("")) == "- guests 1 (b:7200)\n");
  CHECK(compare(front("") + "guests: [{host: b}]\n", front("") + "guests: [{host: b, port: 7201}]\n") ==
        "x guests 1 (b:7200) port 7200>7201\n");
}

TEST_CASE("what tidelab does not act on is told and not refused") {
  CHECK(compare(front(""), front(", numa_node: \"1\"")) == "~ fronts 1 (a:7000) numa_node >1\n");
}

TEST_CASE("one line about many instances is one change") {
  const std::string two = "fronts: [{host: a, label: x}, {host: b, label: y}]\nbacks: [{host: a}]\n";
  CHECK(compare(two + "component_versions: {front: 1.0.0}\n", two + "component_versions: {front: 2.0.0}\n") ==
        "~ fronts 1 (a:7000) fronts 2 (b:7000) version 1.0.0>2.0.0\n");
  CHECK(compare(two, two + "server_configs: {front: {log.level: warn}}\n") ==
        "~ fronts 1 (a:7000) fronts 2 (b:7000) config log.level >warn\n");
}

namespace {

inline const char* const votes = R"(
section: votes
component: vote
title: Vote
default_version: 1.0.0
node: ${host}
serves_with: majority
leave:
  - {title: "${host} hands over", tcp: {address: "${others votes \"{host}\"}"}}
)";

inline const char* const stores = R"(
section: stores
component: store
title: Store
default_version: 1.0.0
node: ${host}
serves_with: majority
let: {least: "${config[copies] or 2}"}
fewest:
  - {count: "${least}", since: "there are ${least} copies"}
)";

inline const char* const users = R"(
section: users
component: user
title: User
default_version: 1.0.0
node: ${host}
needs: [votes]
fixed_leaving:
  - {versions: ">=2", since: they are counted at birth}
)";

std::string hosts(const std::string& section, const std::string& names, const std::string& more = "") {
  std::string out = section + ": [";
  for (const char name : names) out += (out.ends_with("[") ? "{host: " : ", {host: ") + std::string(1, name) + more + "}";
  return out + "]\n";
}

// How the instances that are gone leave, or why they may not.
std::string leaving(const std::string& before, const std::string& after) {
  support::World old({votes, users, stores}), now({votes, users, stores});
  old.read(before), now.read(after);
  REQUIRE(old.complaints() + now.complaints() == "");
  std::string out;
  for (const auto& each : changes(old.topology, now.topology))
    if (!each.refusal.empty()) out += each.where.front() + ": " + (each.leaves.empty() ? "no: " + each.refusal : each.leaves) + "\n";
  return out;
}

}  // namespace

TEST_CASE("an instance that is gone leaves in the words of its playbook") {
  CHECK(leaving(hosts("votes", "abc"), hosts("votes", "ab")) == "votes 3 (c): c hands over, then it is stopped and removed\n");
  CHECK(leaving(hosts("votes", "abc") + hosts("users", "ab"), hosts("votes", "abc") + hosts("users", "b")) ==
        "users 1 (a): it is stopped and removed\n");
  CHECK(leaving(hosts("votes", "abcde"), hosts("votes", "abc")) ==
        "votes 4 (d): d hands over, then it is stopped and removed\nvotes 5 (e): e hands over, then it is stopped and removed\n");
}

TEST_CASE("those that stay of a group that votes were a majority of it, and it is changed in one way at a time") {
  CHECK(leaving(hosts("votes", "abc"), hosts("votes", "a")) ==
        "votes 2 (b): no: of 3 that vote 1 would stay, which is no majority: let at most 1 leave at a time\n"
        "votes 3 (c): no: of 3 that vote 1 would stay, which is no majority: let at most 1 leave at a time\n");
  CHECK(leaving(hosts("votes", "ab"), hosts("votes", "a")) ==
        "votes 2 (b): no: of 2 that vote 1 would stay, which is no majority: none can be spared\n");
  CHECK(leaving(hosts("votes", "abc"), hosts("votes", "abd")) ==
        "votes 3 (d): no: others of its section leave, and a group that votes is changed in one way at a time\n"
        "votes 3 (c): no: others of its section join, and a group that votes is changed in one way at a time: first let them join\n");
}

TEST_CASE("nobody leaves whose playbook says so, or where too few would stay, or whom others were made with") {
  CHECK(leaving("component_versions: {user: 2.0.0}\n" + hosts("votes", "abc") + hosts("users", "ab"),
                "component_versions: {user: 2.0.0}\n" + hosts("votes", "abc") + hosts("users", "a")) ==
        "users 2 (b): no: they are counted at birth\n");
  CHECK(leaving(hosts("stores", "abc", ", config: {copies: 3}"), hosts("stores", "ab", ", config: {copies: 3}")) ==
        "stores 3 (c): no: 2 would stay, and there are 3 copies\n");
  CHECK(leaving(hosts("stores", "abcde"), hosts("stores", "aexy")) ==
        "stores 2 (b): it is stopped and removed\n"
        "stores 3 (c): it is stopped and removed\nstores 4 (d): it is stopped and removed\n");
  CHECK(leaving(hosts("votes", "a") + hosts("users", "b"), hosts("users", "b")) ==
        "votes 1 (a): no: `users`, which stays, was made with it\n");
  CHECK(leaving(hosts("votes", "a") + hosts("users", "b"), hosts("votes", "a")) == "users 1 (b): it is stopped and removed\n");
}

TEST_CASE("an instance's own setting is compared with the one that it replaces") {
  const std::string shared = "server_configs: {front: {k: one}}\n";
  CHECK(compare(front("") + shared, front(", config: {k: two}") + shared) == "~ fronts 1 (a:7000) config k one>two\n");
}

TEST_CASE("what may not change is told, also when it follows from what may") {
  CHECK(compare(front(", place: p"), front(", place: q")) ==
        "~ fronts 1 (a:7000) place p>q\nx fronts 1 (a:7000) spare_dir /srv/p>/srv/q\n");
}

TEST_CASE("a long value is cut down to where it differs, and controls never reach a terminal") {
  Lab old, now;
  const std::string same(100, 'm');
  old.read("fronts: [{host: a, label: \"" + same + "OLD" + same + "\"}]\nbacks: [{host: a}]\n");
  now.read("fronts: [{host: a, label: \"" + same + "N\\eW" + same + "\"}]\nbacks: [{host: a}]\n");
  REQUIRE(old.complaints() == "");
  const auto text = render_text(changes(old.topology, now.topology));
  CHECK(text.find("label: …" + std::string(24, 'm') + "OLD" + std::string(24, 'm') + "… → …") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("what is global") {
  CHECK(compare(front(""), front("") + "global: {user: me, ssh_port: 2222}\n") ==
        "x global deploy_dir /home/lab/deploy>/home/me/deploy derived\n"
        "~ global ssh_port >2222\n"
        "x global user lab>me\n"
        "~ fronts 1 (a:7000) ssh_port >2222 derived\n"
        "~ backs 1 (a:7100) ssh_port >2222 derived\n");
  CHECK(compare(front("") + "global: {lab: one}\n", front("") + "global: {lab: two}\n") == "x global lab one>two\n");
}

TEST_CASE("a change is told with both places, and refusals can be told alone") {
  Lab old, now;
  old.read(front(", mode: one"));
  now.read(front(", mode: many, dir: /data"));
  const auto found = changes(old.topology, now.topology);
  CHECK(has_refusals(found));
  CHECK(render_text(found) ==
        "fronts 1 (a:7000)\n"
        "  ✗ dir: /srv/front-7000 → /data  lab.yaml:1:11 → lab.yaml:1:47\n"
        "      not while the lab is up: what is in the old directory would be left there\n"
        "  ~ mode: one → many  lab.yaml:1:36 → lab.yaml:1:36\n");
  CHECK(render_text(found, Tell::refused).find("mode") == std::string::npos);
}

}  // namespace tidelab::guide
