// A plan of two hosts and facts about them, to be spoiled one at a time.
#pragma once

#include <fmt/format.h>

#include "preflight/judge.hpp"
#include "support/catch.hpp"

namespace tidelab::preflight {

inline step::Text text(std::string value) { return {std::move(value), {}}; }

struct Trial {
  plan::Plan plan;
  Sizes sizes;
  std::vector<Look> looks{3};

  Trial() {
    plan.lab = "demo";
    plan.lanes = {{"controller", 0, "lab", "/opt/.tidelab-demo"},
                  {"10.0.0.1", 0, "lab", "/opt/.tidelab-demo"},
                  {"10.0.0.2", 0, "lab", "/opt/.tidelab-demo"}};
    for (int lane = 1; lane <= 2; ++lane) {
      plan::Component c;
      c.name = fmt::format("bases {}", lane);
      c.title = "Base";
      c.lane = lane;
      c.dir = "/opt/base";
      c.address = fmt::format("10.0.0.{}:7000", lane);
      c.ports = {7000};
      c.services = {"base-7000"};
      plan.components.push_back(c);
      add(lane, step::Dir{text("/opt/base"), {}, {}});
      add(lane, step::Dir{text("/data/base"), {}, {}});
      add(lane, step::Unpack{text("base 1.0.0"), text("/opt/base"), {}});
      looks[static_cast<std::size_t>(lane)] = good();
    }
    sizes["base 1.0.0"] = 300LL << 20;
  }

  void add(int lane, step::Action action) {
    plan::Step step;
    step.lane = lane, step.component = lane - 1, step.action = std::move(action);
    plan.steps.push_back(std::move(step));
  }

  // Both on machines of their own, as root, with much of everything.
  static Look good() {
    Look out;
    out.sent = Micros(1'000'000'000);
    out.received = Micros(1'000'040'000);
    out.arch = "amd64";
    auto& f = out.facts;
    f.uid = 0, f.user = "root", f.system = "Linux", f.processor = "x86_64", f.complete = true;
    f.memory_total = 8LL << 30, f.memory_available = 4LL << 30, f.swap_total = 0, f.swappiness = 60, f.huge_pages = "madvise";
    f.files_soft = 1024, f.files_hard = 4096, f.files_of_init = 1'000'000;
    f.clock_begin = Micros(1'000'010'000), f.clock_end = Micros(1'000'030'000);
    for (const char* existing : {"/opt", "/opt", "/data"}) {
      DirFact dir;
      dir.existing = existing;
      dir.has_room = true, dir.device = existing, dir.fs_type = "ext4";
      dir.free_bytes = 10LL << 30, dir.total_bytes = 20LL << 30, dir.free_inodes = 1'000'000, dir.inodes = 2'000'000;
      f.dirs.push_back(dir);
    }
    return out;
  }

  plan::HostNeeds& needs(int lane = 1) { return plan.components[static_cast<std::size_t>(lane) - 1].host_needs; }
  Look& look(int lane = 1) { return looks[static_cast<std::size_t>(lane)]; }
  Facts& facts(int lane = 1) { return look(lane).facts; }

  // What there is about one check on one host: `outcome: found → fix`, a line each.
  std::string about(const std::string& check, int lane = 1) const {
    std::string out;
    for (const auto& each : judge(plan, sizes, looks)) {
      if (each.check != check || each.lane != lane) continue;
      out += (out.empty() ? "" : "\n") + fmt::format("{}: {}", name_of(each.outcome), each.found);
      if (!each.fix.empty()) out += " → " + each.fix;
    }
    return out;
  }
};

}  // namespace tidelab::preflight
