// The scheduler alone: plans of many instances, over effects that do nothing. What grows by more than the instances do is
// what does not scale. usage: run_bench [INSTANCES…]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "run/runner.hpp"
#include "support/large_plan.hpp"

using namespace tidelab;
using namespace tidelab::run;

namespace {

class NoEffects : public Effects {
public:
  std::vector<Looked> look(int, const std::vector<const plan::Step*>& steps, const Control&) override {
    return std::vector<Looked>(steps.size());
  }
  step::Result<Done> perform(const plan::Step&, const Control&) override { return Done{true, {}, {}}; }
  Joins joins(const plan::Step& step) const override { return support::LargePlan::joins(step); }
  std::vector<std::optional<step::Result<Done>>> perform_together(int, const std::vector<Joined>& steps, const Control&) override {
    return std::vector<std::optional<step::Result<Done>>>(steps.size(), Done{true, {}, {}});
  }
  std::vector<Evidence> collect(const plan::Step&, const step::Failure&, const Control&) override { return {}; }
  void close(const Control&) override {}
  Closed costs() const override { return {}; }
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<int> sizes;
  for (int i = 1; i < count; ++i) sizes.push_back(std::atoi(arguments[i]));
  if (sizes.empty()) sizes = {100, 1000, 10000};
  std::printf("| instances | steps | wall ms | CPU ms | wall ratio | CPU ratio |\n|--:|--:|--:|--:|--:|--:|\n");
  double wall_before = 0, cpu_before = 0;
  for (const int size : sizes) {
    const support::LargePlan large(size);
    NoEffects effects;
    const auto began = step::Clock::now();
    const auto cpu_began = cpu_seconds();
    if (!carry_out(large.plan, Opened{}, effects, [](const Event&) {}, {})) return 1;
    const double cpu = (cpu_seconds() - cpu_began) * 1e3;
    const double wall = std::chrono::duration<double, std::milli>(step::Clock::now() - began).count();
    std::printf("| %d | %zu | %.1f | %.1f |", size, large.plan.steps.size(), wall, cpu);
    wall_before > 0 ? std::printf(" %.1f | %.1f |\n", wall / wall_before, cpu / cpu_before) : std::printf(" – | – |\n");
    wall_before = wall, cpu_before = cpu;
  }
}
