#include "live/live.hpp"

#include <charconv>
#include <iostream>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "agent/script.hpp"
#include "live/evidence.hpp"
#include "step/thread.hpp"

namespace tidelab::live {

using namespace step;
using run::Looked;

namespace {

class Live : public run::Effects {
public:
  Live(const plan::Plan& plan, Setup setup) : world_(plan, std::move(setup)), collector_(world_) {}

  std::vector<Looked> look(int lane, const std::vector<const plan::Step*>& steps, const Control& control) override {
    std::vector<Looked> out(steps.size());
    auto looked = known_already(steps);
    if (!looked) {
      const auto calls = look_calls(world_, lane, steps);
      if (calls.empty()) return out;
      looked = world_.agent_looks(lane, calls, steps.size(), control);
    }
    // Not knowing is no failure yet: each step looks again for itself, and then says what is wrong.
    const std::string why = looked ? "its host said nothing about it" : looked.error().what;
    if (looked) out = std::move(*looked);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (out[i].state == Looked::State::unknown && is_host_word(steps[i]->action)) out[i] = {Looked::State::unasked, why};
      if (out[i].state == Looked::State::differs) differs_.insert(steps[i]->id);
    }
    return out;
  }

  Result<run::Done> perform(const plan::Step& step, const Control& control) override {
    collector_.begin(step);
    const auto differs = [&] {
      const std::lock_guard lock(mutex_);
      return differs_.contains(step.id);
    }();
    return live::perform(world_, step.action, {step.lane, step.scope, step.lenient, differs}, control);
  }

  run::Joins joins(const plan::Step& step) const override { return joins_on_host(step.action); }

  std::vector<std::optional<Result<run::Done>>> perform_together(int lane, const std::vector<run::Joined>& steps,
                                                                 const Control& control) override {
    for (const auto& each : steps) collector_.begin(*each.step);
    return perform_on_host(world_, lane, steps, control);
  }

  std::vector<run::Evidence> collect(const plan::Step& step, const Failure& failure, const Control& control) override {
    return collector_.collect(step, failure, control);
  }

  void close(const Control& control) override { world_.close(control); }

  run::Closed costs() const override {
    run::Closed out;
    for (std::size_t lane = 1; lane < world_.setup.hosts.size(); ++lane) {
      const auto traffic = world_.setup.hosts[lane]->traffic();
      out.remote_commands += traffic.commands;
      out.connections += traffic.connections;
      out.bytes_sent += traffic.bytes_sent;
    }
    return out;
  }

private:
  // What was found on the way before the run, once: whoever looks again wants to know how it is then.
  Result<std::vector<Looked>> known_already(const std::vector<const plan::Step*>& steps) {
    const std::lock_guard lock(mutex_);
    std::vector<Looked> out;
    for (const auto* step : steps) {
      const auto found = world_.setup.looked.find(step->id);
      if (found == world_.setup.looked.end()) return step::fail(Why::failed, "not looked at");
      out.push_back(std::move(found->second));
      world_.setup.looked.erase(found);
    }
    return out;
  }

  World world_;
  Collector collector_;
  std::mutex mutex_;
  std::set<int> differs_;  // steps of which a look said so
};

/// Of a text that the playbooks were checked to have a number in.
long long number_in(const std::string& text) {
  long long number = 1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

artifact::Source source_of(const plan::ArtifactSource& from) {
  artifact::Source out;
  out.kind = artifact::kind_named(from.kind).value_or(artifact::Kind::official);
  out.urls = from.urls;
  out.checksum_url = from.checksum_url;
  out.checksum = from.checksum;
  out.may_be_unverified = from.may_be_unverified;
  out.component = from.component;
  out.platform = from.platform;
  out.mirror = from.mirror;
  out.root = {number_in(from.root), static_cast<std::size_t>(number_in(from.threshold)), {from.keys.begin(), from.keys.end()}};
  out.index = from.index;
  out.near = from.near;
  const auto at = [&](const char* name) {
    const auto found = from.at.find(name);
    return found == from.at.end() ? std::string() : found->second;
  };
  out.at = {at("url"), at("checksum"), at("bytes"), at("release"), at("near")};
  out.coordinate = from.coordinate;
  out.paths = from.paths;
  out.script = from.script;
  out.note = from.note;
  return out;
}

artifact::Wanted wanted_of(const plan::Artifact& artifact) {
  artifact::Wanted wanted{artifact.name, artifact.version, artifact.file_name, {}};
  for (const auto& each : artifact.sources) wanted.sources.push_back(source_of(each));
  return wanted;
}

}  // namespace

void open_log(bool verbose) {
  // By std::cerr, which shows what moves a cursor.
  auto log = std::make_shared<spdlog::logger>("tidelab", std::make_shared<spdlog::sinks::ostream_sink_mt>(std::cerr));
  log->set_level(verbose ? spdlog::level::debug : spdlog::level::warn);
  spdlog::set_default_logger(std::move(log));
}

std::vector<std::string> words_as(const std::string& account, std::vector<std::string> words) {
  if (!account.empty())
    words.insert(words.begin(), {"sh", "-c", fmt::format(R"({}; exec runuser -u "$0" -- "$@")", agent::whole_path), account});
  return words;
}

std::vector<std::string> words_of_services(const Setup& setup, std::size_t lane, std::vector<std::string> words) {
  auto out = words_as(setup.users[lane], std::move(words));
  out.insert(out.begin(), setup.elevate.begin(), setup.elevate.end());
  return out;
}

std::unique_ptr<run::Effects> make_live(const plan::Plan& plan, Setup setup) { return std::make_unique<Live>(plan, std::move(setup)); }

Acquisition acquire_all(const plan::Plan& plan, artifact::Store& store, const Control& control) {
  Acquisition out;
  std::mutex mutex;
  std::vector<step::Thread> threads;
  for (const auto& artifact : plan.artifacts) {
    const auto take_note = [&](Failure why) {
      const std::lock_guard lock(mutex);
      out.failures.push_back(std::move(why));
    };
    threads.emplace_back(
        [&] {
          auto acquired = store.acquire(wanted_of(artifact), control);
          const std::lock_guard lock(mutex);
          if (acquired)
            out.acquired.emplace(artifact.key, std::move(*acquired));
          else
            out.failures.push_back(acquired.error());
        },
        take_note);
  }
  threads.clear();
  return out;
}

std::map<std::string, artifact::Acquired> cached(const plan::Plan& plan, artifact::Store& store, const Control& control) {
  std::map<std::string, artifact::Acquired> out;
  for (const auto& each : plan.artifacts)
    if (auto found = store.find(wanted_of(each), control)) out.emplace(each.key, std::move(*found));
  return out;
}

}  // namespace tidelab::live
