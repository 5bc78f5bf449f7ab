// Runs told in a few lines, for tests of the report.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/report.hpp"

namespace story {

using namespace tidelab;
using run::Outcome;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using step::Failure;
using step::Why;

struct Tale {
  run::Opened opened;
  std::vector<run::Event> events;
  bool closed = true;
  run::Closed end;
  microseconds now{};

  explicit Tale(const std::string& command) {
    opened.command = command;
    opened.lab = "lab3";
    opened.topology = "lab3.yaml";
    opened.program = "tidelab 0.1.0";
    opened.when = "2026-11-23T15:00:00Z";
    opened.lanes = {"controller", "10.0.0.2"};
    opened.components = {
        {"tidb_servers 1", "10.0.0.1:4000", "TiDB", "8.5.0", "10.0.0.1", "", "official", "tidb_servers", "any", {}},
        {"kafka_servers 1", "10.0.0.2:9092", "Kafka broker", "2.7.0", "10.0.0.2", "17", "official", "kafka_servers", "any", {}}};
  }

  int add(run::StepLine line) {
    line.id = static_cast<int>(opened.steps.size());
    opened.steps.push_back(std::move(line));
    return opened.steps.back().id;
  }
  int step(const std::string& title, bool changes = true, int component = 1) {
    return add({0, title, 1, component, "playbooks/kafka.yaml:7:3", changes, std::nullopt, {}});
  }
  int hop(const std::string& place, const std::string& title, int since = -1, const std::string& look_at = "",
          const std::string& group = "orders") {
    return add({0, title, 0, -1, "checks/follow.yaml:9:5", false, plan::Hop{"follow", group, place, title, look_at, since, true}, {}});
  }
  int claim(const std::string& title, int component, const std::string& look_at = "") {
    return add({0, title, 0, component, "checks/health.yaml:3:5", false, plan::Hop{"health", "", "", title, look_at, -1, false}, {}});
  }
  plan::Hop& hop_of(int step) { return *opened.steps[static_cast<std::size_t>(step)].hop; }
  /// One more component; its index.
  int component(run::ComponentLine line) {
    opened.components.push_back(std::move(line));
    return static_cast<int>(opened.components.size()) - 1;
  }
  Tale& words(int step, const std::string& text) {
    events.push_back({now, run::Evidence{-1, "why", text, "", step, true}});
    return *this;
  }

  Tale& end_step(int step, Outcome outcome, microseconds at, std::optional<Failure> failure = {}, std::vector<int> roots = {},
                 std::string note = {}) {
    now = std::max(now, at);
    events.push_back({now, run::Ended{step, outcome, std::move(note), at, std::move(failure), std::move(roots)}});
    return *this;
  }
  Tale& good(int step, milliseconds at = milliseconds(0), std::string note = {}) {
    return end_step(step, Outcome::held, at, {}, {}, std::move(note));
  }
  Tale& made(int step) { return end_step(step, Outcome::made, now); }
  Tale& restarted(int step) {
    made(step);
    std::get<run::Ended>(events.back().what).restarted = true;
    return *this;
  }
  Tale& bad(int step, Why why, const std::string& what) { return end_step(step, Outcome::failed, now, Failure{why, what}); }
  Tale& bad(int step, Failure failure) { return end_step(step, Outcome::failed, now, std::move(failure)); }
  Tale& blocked(int step, std::vector<int> roots) { return end_step(step, Outcome::blocked, now, {}, std::move(roots)); }

  Tale& warned(run::Warned warning) {
    events.push_back({now, std::move(warning)});
    return *this;
  }

  std::vector<run::Event> told() const {
    std::vector<run::Event> all = {{microseconds(0), opened}};
    all.insert(all.end(), events.begin(), events.end());
    if (closed) all.push_back({now + microseconds(1000), end});
    return all;
  }
  report::Report report() const { return report::fold(told()); }
};

/// TiDB → Kafka → Flink, and one claim about each of two components.
struct Way : Tale {
  int tidb_up, kafka_up, kafka_leads, write, kafka, flink;
  Way() : Tale("verify") {
    tidb_up = claim("TiDB answers", 0);
    kafka_up = claim("the broker answers", 1, "its log");
    kafka_leads = claim("every partition has a leader", 1);
    write = hop("TiDB", "the insert is committed");
    kafka = hop("Kafka", "the insert is in topic ticdc-test", write, "the changefeed");
    flink = hop("Flink", "the insert is in Flink's table", write, "the job's exceptions at http://10.0.0.2:8081");
    hop_of(kafka).about = hop_of(flink).about = {"kafka_servers"};
    hop_of(write).about = {"tidb_servers"};
  }
  Way& healthy() {
    good(tidb_up), good(kafka_up), good(kafka_leads);
    return *this;
  }
};

}  // namespace story
