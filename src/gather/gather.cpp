#include "gather/gather.hpp"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include <fmt/format.h>

#include "agent/script.hpp"
#include "artifact/unpacker.hpp"
#include "report/layout.hpp"
#include "step/thread.hpp"
#include "step/unit_file.hpp"

namespace tidelab::gather {

namespace fs = std::filesystem;

namespace {

// Of a user's manager by fields: journalctl's own option for those finds only the caller's.
std::vector<std::string> entries_of(const std::string& unit, bool of_user, bool first) {
  if (!of_user) return {"-u", unit};
  std::vector<std::string> out{"USER_UNIT=" + unit, "+", "_SYSTEMD_USER_UNIT=" + unit};
  if (!first) out.insert(out.begin(), "+");
  return out;
}

// A host that is busy finding files says nothing for a while; one that says nothing at all is not waited for.
constexpr auto longest_silence = std::chrono::seconds(60);
std::string said_nothing() { return fmt::format("nothing came from it for {} s", longest_silence.count()); }

/// Ends what is controlled when nothing is heard of it for too long.
class Silence {
public:
  explicit Silence(step::Enough& enough)
      : thread_([this, &enough](const std::stop_token& stop) { watch(stop, enough); }, step::nobody_is_told) {}
  void heard() {
    const std::lock_guard lock(mutex_);
    heard_ = step::Clock::now();
  }
  bool was_too_long() {
    const std::lock_guard lock(mutex_);
    return too_long_;
  }

private:
  void watch(const std::stop_token& stop, step::Enough& enough) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested() && !too_long_) {
      const auto until = heard_ + longest_silence;
      waking_.wait_until(lock, stop, until, [] { return false; });
      too_long_ = !stop.stop_requested() && step::Clock::now() >= heard_ + longest_silence;
    }
    lock.unlock();
    if (too_long_) enough.now();
  }

  std::mutex mutex_;
  std::condition_variable_any waking_;
  step::Clock::time_point heard_ = step::Clock::now();
  bool too_long_ = false;
  step::Thread thread_;  // the last member: it uses the others
};

constexpr std::size_t most_lines_told = 200;  // of what a host says about its files

class Gatherer {
public:
  Gatherer(host::Host& host, const Wanted& wanted, const std::vector<std::string>& elevate, const fs::path& top, artifact::Allowance& share,
           const std::stop_token& stop)
      : host_(host),
        wanted_(wanted),
        elevate_(elevate),
        folder_(top / wanted.name),
        share_(share),
        control_{step::Clock::now() + std::chrono::minutes(30), stop, {}} {}

  Gathered gather() {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (take({}, wanted_.state_dir, {wanted_.state_dir + "/run"}) && take(wanted_.owner, {}, wanted_.paths)) take_journal();
    out_.told =
        fmt::format("{}: {}\n{}", wanted_.name, reached_ ? out_.whole ? "collected" : "not all of it" : "could not be reached", out_.told);
    return std::move(out_);
  }

private:
  void tell(const std::string& line) { out_.told += "  " + report::one_line(line) + "\n"; }
  void miss(const std::string& line) {
    tell(line);
    out_.whole = false;
  }

  std::vector<std::string> elevated(const std::vector<std::string>& words) const {
    auto out = elevate_;
    out.insert(out.end(), words.begin(), words.end());
    return out;
  }

  // False when there is no use in going on.
  bool take(const std::string& owner, const std::string& state_dir, const std::set<std::string>& paths) {
    std::vector<std::string> words{"sh", "-c", agent::program("pack"), "sh", std::to_string(most_mib), state_dir, wanted_.unit_prefix};
    words.insert(words.end(), paths.begin(), paths.end());
    step::Enough enough(control_);
    artifact::Unpacker unpacker(folder_, {most_mib << 20, most_files}, share_, enough.control().stop);
    host::Command command{elevated(live::words_as(owner, std::move(words))), {}, {}, {}, {}};
    Silence silence(enough);
    command.on_out = [&](std::string_view bytes) {
      silence.heard();
      if (!unpacker.feed(bytes)) enough.now();
    };
    const auto ended = host_.run(command, enough.control());
    const auto unpacked = unpacker.finish();
    if (silence.was_too_long()) {
      miss(said_nothing());
      return false;
    }
    for (const auto& line : unpacked.left_out) miss("left out, " + line);
    if (!unpacked.problem.empty() && !control_.stopped()) miss("the rest was not taken: " + unpacked.problem);
    if (!ended && (unpacked.problem.empty() || control_.stopped())) {
      reached_ = false;
      miss(ended.error().what);
      return false;
    }
    if (!ended) return true;
    tell_of_all(report::lines_of(ended->err));
    if (ended->code != 0) miss(fmt::format("what packs it on the host ended with {}", ended->code));
    return true;
  }

  void tell_of_all(const std::vector<std::string>& lines) {
    for (std::size_t i = 0; i < lines.size() && i < most_lines_told; ++i) tell_of(lines[i]);
    if (lines.size() > most_lines_told) tell(fmt::format("and {} lines more", lines.size() - most_lines_told));
  }

  void tell_of(const std::string& line) {
    const std::string larger = "larger ", nothing = "nothing ";
    if (line.starts_with(larger))
      tell(fmt::format("left out, larger than {} MiB (bytes, file): {}", most_mib, line.substr(larger.size())));
    else if (line.starts_with(nothing))
      tell("not there, or not to be read by the account of the services: " + line.substr(nothing.size()));
    else
      tell(line);
  }

  void take_journal() {
    if (wanted_.entries.empty()) return;  // without any it would be that of the whole host
    std::vector<std::string> words{"sh", "-c", agent::program("journal"), "sh", std::to_string(journal_lines)};
    words.insert(words.end(), wanted_.entries.begin(), wanted_.entries.end());
    const auto file = folder_ / "journal.txt";
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    step::Enough enough(control_);
    auto left = most_mib << 20;
    host::Command command{elevated(words), {}, {}, {}, {}};
    Silence silence(enough);
    command.on_out = [&](std::string_view text) {
      silence.heard();
      left -= static_cast<long>(text.size());
      if (left < 0 || !share_.take(static_cast<long long>(text.size()))) return enough.now();
      out << text;
    };
    const auto ended = host_.run(command, enough.control());
    out.close();
    if (silence.was_too_long())
      miss("the system's journal: " + said_nothing());
    else if (left < 0)
      miss(fmt::format("the system's journal: the rest was left out, it is larger than {} MiB", most_mib));
    else if (!share_.refusal().empty())
      miss("the system's journal: the rest was left out, " + share_.refusal());
    else if (!ended || ended->code != 0 || !out)
      miss("the system's journal: " + (!ended ? ended.error().what : !out ? "it could not be written here" : ended->err));
    std::error_code error;
    if (fs::file_size(file, error) == 0) fs::remove(file, error);
  }

  host::Host& host_;
  const Wanted& wanted_;
  const std::vector<std::string>& elevate_;
  const fs::path folder_;
  artifact::Allowance& share_;
  const step::Control control_;
  Gathered out_;
  bool reached_ = true;
};

}  // namespace

std::vector<Wanted> wanted_of(const plan::Plan& up, const live::Setup& setup, const std::set<std::size_t>& meant,
                              const std::vector<std::string>& nodes) {
  std::vector<Wanted> out(up.lanes.size());
  for (const auto lane : meant) {
    out[lane].name = up.lanes[lane].name;
    out[lane].owner = setup.users[lane];
    out[lane].state_dir = plan::state_dir(up.lanes[lane], out[lane].owner);
    out[lane].unit_prefix = step::unit_name(up.lab, {});
    out[lane].unit_prefix.resize(out[lane].unit_prefix.rfind(".service"));
  }
  for (const auto& c : up.components) {
    if (c.lane <= 0 || !plan::means_any(up, c, nodes)) continue;
    auto& paths = out[static_cast<std::size_t>(c.lane)].paths;
    paths.insert(c.log_dirs.begin(), c.log_dirs.end());
    if (!c.log.empty()) paths.insert(c.log);
  }
  for (const auto& step : up.steps) {
    const auto lane = static_cast<std::size_t>(step.lane);
    if (!meant.contains(lane)) continue;
    if (const auto* file = std::get_if<step::File>(&step.action)) out[lane].paths.insert(file->path.value);
    if (const auto* service = std::get_if<step::Service>(&step.action)) {
      out[lane].paths.insert(fmt::format("{}/run/{}/own", out[lane].state_dir, service->name.value));  // where there is a keeper
      auto& entries = out[lane].entries;
      const auto more = entries_of(step::unit_name(up.lab, service->name.value), setup.of_user[lane], entries.empty());
      entries.insert(entries.end(), more.begin(), more.end());
    }
  }
  return out;
}

Shares shares_of(const std::vector<Wanted>& wanted, const fs::path& top) {
  Shares out;
  const auto hosts = std::count_if(wanted.begin(), wanted.end(), [](const Wanted& each) { return !each.name.empty(); });
  const auto all = std::min<long long>(static_cast<long long>(most_mib_in_all) << 20, artifact::half_of_what_is_free(top));
  for (const auto& each : wanted)
    if (!each.name.empty()) out.emplace(each.name, artifact::Allowance(top, all / hosts));
  return out;
}

std::vector<Gathered> gather_all(const live::Setup& setup, const std::vector<Wanted>& wanted, const fs::path& top, Shares& shares,
                                 const std::stop_token& stop) {
  std::vector<Gathered> found(wanted.size());
  std::vector<step::Thread> threads;
  for (std::size_t lane = 1; lane < wanted.size(); ++lane)
    if (!wanted[lane].name.empty())
      threads.emplace_back(
          [&, lane, &share = shares.at(wanted[lane].name)] {
            found[lane] = Gatherer(*setup.hosts[lane], wanted[lane], setup.elevate, top, share, stop).gather();
          },
          [&, lane](const step::Failure& why) {
            found[lane] = {fmt::format("{}: {}\n", wanted[lane].name, why.what), false};
          });
  threads.clear();
  return found;
}

}  // namespace tidelab::gather
