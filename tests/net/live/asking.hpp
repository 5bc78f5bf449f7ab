// Steps as a playbook would write them, carried out for real against servers of the test.
#pragma once

#include <unistd.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "live/live.hpp"
#include "run/runner.hpp"
#include "step/read_step.hpp"
#include "support/catch.hpp"
#include "support/http_server.hpp"
#include "support/loopback.hpp"
#include "yaml/document.hpp"

namespace tidelab::tests {

using namespace std::chrono_literals;
using step::Why;

/// One after the other.
class Asking {
public:
  run::Ended last(const std::string& yaml, std::chrono::milliseconds within = 2s) {
    const source::File file{"steps.yaml", yaml};
    source::Diagnostics diagnostics;
    plan::Plan plan;
    plan.lanes = {{"controller", 0, {}, "/nonexistent"}};
    plan.hints = hints;
    for (auto& each : step::read_steps(yaml::read_document(file, diagnostics), diagnostics)) {
      plan::Step made;
      made.id = static_cast<int>(plan.steps.size());
      made.title = "step";
      made.action = each.action;
      made.within = within;
      made.scope = "test";
      made.changes = false;
      made.evidence = each.evidence;
      made.warns = each.warns;
      if (made.id > 0) made.needs = {{made.id - 1, must_hold}};
      plan.steps.push_back(std::move(made));
    }
    REQUIRE_FALSE(diagnostics.has_errors());
    live::Setup setup;
    setup.hosts.push_back(host::make_local());
    setup.users = {""};
    setup.of_user = {false};
    auto effects = live::make_live(plan, std::move(setup));
    run::Ended ended;
    run::carry_out(
        plan, {}, *effects,
        [&](const run::Event& event) {
          if (const auto* one = std::get_if<run::Ended>(&event.what)) ended = steps[one->step] = *one;
          if (const auto* one = std::get_if<run::Evidence>(&event.what)) evidence.push_back(*one);
          if (const auto* one = std::get_if<run::Warned>(&event.what)) warned.push_back(*one);
        },
        stop.get_token());
    return ended;
  }
  std::vector<plan::Hint> hints;
  bool must_hold = true;  ///< false: each is done whatever came of the one before
  std::stop_source stop;
  std::map<int, run::Ended> steps;  ///< how each of them ended the last time
  std::vector<run::Evidence> evidence;
  std::vector<run::Warned> warned;
};

inline Response json(const std::string& body) { return {200, body}; }
inline std::string address_of(const HttpServer& server) {
  const auto url = server.url();
  return url.substr(7, url.find('/', 7) - 7);
}
/// An address at which nobody listens.
inline std::string nobody() {
  const auto there = tests::listen_on_loopback();
  close(there.fd);
  return "127.0.0.1:" + std::to_string(there.port);
}

}  // namespace tidelab::tests
