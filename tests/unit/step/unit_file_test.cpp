// A service as a unit: the very text, and what a unit cannot say. That systemd reads it so is shown on hosts
// (tests/hosts/supervision.py, words_arrive_byte_for_byte).
#include "step/unit_file.hpp"

#include "support/catch.hpp"

using namespace tidelab::step;

namespace {

UnitFile broker() {
  return {"four_hosts",
          "broker-9092",
          "/opt/x/.tidelab-four_hosts",
          {"/opt/broker/bin/start.sh", "/opt/broker/conf"},
          {{"JAVA_HOME", "/opt/broker/jre"}, {"OPTS", "-Xms64m -Xmx256m"}},
          "/opt/broker",
          "/opt/broker/log/out",
          "tidb",
          "",
          40,
          false};
}

std::string line_of(const UnitFile& unit, const std::string& key) {
  const auto text = render_unit(unit);
  const auto at = text.find("\n" + key + "=");
  return at == std::string::npos ? std::string() : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

bool says_argument(const std::string& text) {
  auto unit = broker();
  unit.argv.push_back(text);
  return unit_can_say(unit);
}

bool says_program(const std::string& text) {
  auto unit = broker();
  unit.argv.front() = text;
  return unit_can_say(unit);
}

bool says_variable(const std::string& key, const std::string& value) {
  auto unit = broker();
  unit.env = {{key, value}};
  return unit_can_say(unit);
}

}  // namespace

TEST_CASE("a unit of the system") {
  CHECK(unit_can_say(broker()));
  CHECK(render_unit(broker()) == R"(# tidelab: /opt/x/.tidelab-four_hosts
# Written by tidelab, which replaces it at the next change and removes it with the lab.

[Unit]
Description=broker-9092 of lab four_hosts
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User=tidb
WorkingDirectory=/opt/broker
Environment=JAVA_HOME=/opt/broker/jre
Environment="OPTS=-Xms64m -Xmx256m"
ExecStartPre=/usr/bin/test -x /opt/broker/bin/start.sh
ExecStart=/bin/sh -c "exec >>\"$$0\" 2>&1; exec \"$$@\"" /opt/broker/log/out /opt/broker/bin/start.sh /opt/broker/conf
Restart=always
RestartSec=2s
SuccessExitStatus=143
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=40s
LimitNOFILE=1000000

[Install]
WantedBy=multi-user.target
)");
}

TEST_CASE("a unit of an account's manager is wanted by what that manager starts, and knows no other account or network target") {
  auto unit = broker();
  unit.of_user = true;
  unit.user.clear();
  const auto text = render_unit(unit);
  CHECK(text.find("WantedBy=default.target\n") != std::string::npos);
  CHECK(text.find("User=") == std::string::npos);
  CHECK(text.find("network") == std::string::npos);
}

TEST_CASE("names of units") {
  CHECK(unit_name("lab", "kafka-9092") == "tidelab-lab.kafka-9092.service");
  CHECK(unit_name("a-b", "c") != unit_name("a", "b-c"));
  CHECK(unit_name("lab", "a b/c\\é@") == "tidelab-lab.a\\x20b\\x2fc\\x5c\\xc3\\xa9\\x40.service");
}

TEST_CASE("what is special in a unit is written so that it is not") {
  auto unit = broker();
  unit.argv = {"/bin/x", "", "$HOME", "100%", "a\"b\\c", "two\nlines", ";", "é"};
  CHECK(
      line_of(unit, "ExecStart") ==
      R"(ExecStart=/bin/sh -c "exec >>\"$$0\" 2>&1; exec \"$$@\"" /opt/broker/log/out /bin/x "" "$$HOME" "100%%" "a\"b\\c" "two\x0alines" ";" "é")");
  unit.env = {{"A", "$HOME %h \"x\""}};
  CHECK(line_of(unit, "Environment") == R"(Environment="A=$HOME %%h \"x\"")");
  unit.cwd = "/opt/100% it's";
  CHECK(line_of(unit, "WorkingDirectory") == "WorkingDirectory=/opt/100%% it's");
  unit.service = "a\nExecStartPre=/bin/evil\\";
  CHECK(line_of(unit, "Description") == "Description=a?ExecStartPre=/bin/evil? of lab four_hosts");
  unit.stop_signal = "INT";
  CHECK(line_of(unit, "KillSignal") == "KillSignal=SIGINT");
}

TEST_CASE("what a unit cannot say is known") {
  CHECK(says_argument("tab\tand\nline"));
  CHECK_FALSE(says_argument("\x01"));
  CHECK_FALSE(says_argument("\r"));
  CHECK(says_program("/opt/x-1.2_3+/bin/p,q"));
  CHECK(says_program("python3"));
  for (const auto* bad : {"", "bin/x", "-x", "@x", "/opt/a b", "/opt/$x", "/opt/%h", "/opt/\"", "/opt/\\x"}) CHECK_FALSE(says_program(bad));
  CHECK(says_variable("A_1", "x\ty"));
  for (const auto* bad : {"", "1A", "A-B", "A B"}) CHECK_FALSE(says_variable(bad, "x"));
  CHECK_FALSE(says_variable("A", "\x7f"));
  auto unit = broker();
  for (const auto* bad : {"/opt/x ", "/opt/x\\", "relative"}) {
    unit.cwd = bad;
    CHECK_FALSE(unit_can_say(unit));
  }
}

TEST_CASE("only well-formed UTF-8 is said") {
  for (const auto* good : {"é", "→", "𝄞", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) CHECK(says_argument(good));
  for (const auto* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xff", "\xe2\x82"})
    CHECK_FALSE(says_argument(bad));
}
