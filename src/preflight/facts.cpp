#include "preflight/facts.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

namespace tidelab::preflight {

namespace {

using Fields = std::vector<std::string_view>;

Fields split(std::string_view line, char at) {
  Fields out;
  while (true) {
    const auto end = std::min(line.find(at), line.size());
    out.push_back(line.substr(0, end));
    if (end == line.size()) return out;
    line.remove_prefix(end + 1);
  }
}

std::optional<long long> number(std::string_view text, int base = 10) {
  long long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// Of a time in seconds; some 3,000 years since 1970. What is more is no time, and could not be counted in microseconds.
constexpr long long most_seconds = 100'000'000'000;

std::optional<std::chrono::seconds> seconds_in(std::string_view text) {
  const auto count = number(text);
  return count && *count >= 0 && *count <= most_seconds ? std::optional(std::chrono::seconds(*count)) : std::nullopt;
}

// nullopt where that is more than can be counted, or less than nothing.
std::optional<long long> product(std::optional<long long> a, std::optional<long long> b) {
  long long out = 0;
  if (!a || !b || *a < 0 || *b < 0 || __builtin_mul_overflow(*a, *b, &out)) return std::nullopt;
  return out;
}

// The kernel shows an address as numbers of 32 bits in the byte order of the machine; all that there are here are little-endian.
std::string address_of(std::string_view hex) {
  std::vector<unsigned> bytes;
  for (std::size_t word = 0; word + 8 <= hex.size(); word += 8)
    for (int i = 3; i >= 0; --i)
      bytes.push_back(static_cast<unsigned>(number(hex.substr(word + 2 * static_cast<std::size_t>(i), 2), 16).value_or(0)));
  if (bytes.empty() || std::all_of(bytes.begin(), bytes.end(), [](unsigned b) { return b == 0; })) return "*";
  const bool mapped = bytes.size() == 16 && std::all_of(bytes.begin(), bytes.begin() + 10, [](unsigned b) { return b == 0; }) &&
                      bytes[10] == 255 && bytes[11] == 255;
  if (bytes.size() == 4 || mapped) {
    const auto* b = bytes.data() + (mapped ? 12 : 0);
    return fmt::format("{}.{}.{}.{}", b[0], b[1], b[2], b[3]);
  }
  if (bytes.back() == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](unsigned b) { return b == 0; })) return "::1";
  std::string out;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) out += fmt::format("{}{:x}", i == 0 ? "" : ":", bytes[i] * 256 + bytes[i + 1]);
  return out;
}

// `1795410028.123456789`; without a fraction where the host's `date` knows none.
std::optional<Micros> time_of(std::string_view text, Micros& fineness) {
  const auto parts = split(text, '.');
  const auto seconds = seconds_in(parts[0]);
  if (!seconds) return std::nullopt;
  Micros out = *seconds;
  const auto nanos = parts.size() == 2 && parts[1].size() == 9 ? number(parts[1]) : std::nullopt;
  if (nanos)
    out += Micros(*nanos / 1000);
  else
    fineness = std::chrono::seconds(1);
  return out;
}

// "12345.67": seconds since the boot, to a hundredth.
std::optional<Micros> uptime_of(std::string_view text) {
  const auto parts = split(text, '.');
  const auto seconds = seconds_in(parts[0]);
  const auto hundredths = parts.size() == 2 && parts[1].size() == 2 ? number(parts[1]) : std::nullopt;
  if (!seconds || !hundredths) return std::nullopt;
  return *seconds + std::chrono::milliseconds(*hundredths * 10);
}

// The kernel puts brackets around the word that is chosen.
std::string chosen_word(std::string_view line) {
  const auto open = line.find('['), close = line.find(']');
  if (open != line.npos && close != line.npos && open < close) return std::string(line.substr(open + 1, close - open - 1));
  return std::string(line.find(' ') == line.npos ? line : std::string_view());
}

class Reader {
public:
  Facts out;

  void read(const Fields& f) {
    const auto found = words().find(f[0]);
    if (found != words().end() && f.size() > found->second.fields) (this->*found->second.read)(f);
  }

  // Lines about file systems come in the order of the directories, and count only when there is one for each.
  void finish() {
    if (rooms_.size() == out.dirs.size())
      for (std::size_t i = 0; i < rooms_.size(); ++i) add_room(rooms_[i], i < devices_.size() ? devices_[i] : "", out.dirs[i]);
    for (const auto& [inode, listener] : sockets_) {
      const auto found = owners_.find(inode);
      auto holder = listener;
      if (found != owners_.end()) {
        holder.pid = found->second.pid, holder.ours = found->second.ours;
        holder.user = found->second.user, holder.unit = found->second.unit, holder.command = found->second.command;
      }
      out.holders.push_back(std::move(holder));
    }
  }

private:
  struct Word {
    std::size_t fields;
    void (Reader::*read)(const Fields&);
  };
  static const std::map<std::string_view, Word>& words();

  std::vector<std::vector<std::string>> rooms_;
  std::vector<std::string> devices_;
  std::vector<std::pair<std::string, Holder>> sockets_;
  std::map<std::string, Holder> owners_;

  static void add_room(const std::vector<std::string>& f, const std::string& device, DirFact& dir) {
    const auto size = number(f[2]), free_inodes = number(f[4]), inodes = number(f[5]);
    const auto free = product(number(f[1]), size), total = product(number(f[3]), size);
    if (!free || !total) return;
    dir.has_room = true;
    dir.free_bytes = *free, dir.total_bytes = *total;
    dir.free_inodes = free_inodes.value_or(0), dir.inodes = inodes.value_or(0);
    dir.fs_type = f[6], dir.device = device;
  }

  void who(const Fields& f) { out.uid = static_cast<long>(number(f[1]).value_or(-1)), out.user = f[2]; }
  void kernel(const Fields& f) { out.machine = f[1], out.system = f[2], out.processor = f[3]; }
  void init(const Fields& f) { out.systemd = f[1] == "systemd"; }
  void account(const Fields& f) { out.account_there = f[1] == "there", out.group_there = f[1] == "group"; }
  void homeless(const Fields& f) { out.home_not_writable = f[1]; }
  void expired(const Fields&) { out.expired = true; }
  void closed(const Fields& f) { out.closed.emplace_back(f[1]); }
  void foreign(const Fields& f) { out.foreign.emplace_back(f[1]); }
  void missing(const Fields& f) { out.missing_commands.emplace_back(f[1]); }
  void memory(const Fields& f) {
    const auto bytes = product(number(f[2]), 1024);
    if (!bytes) return;
    if (f[1] == "MemTotal:") out.memory_total = bytes;
    if (f[1] == "MemAvailable:") out.memory_available = bytes;
    if (f[1] == "SwapTotal:") out.swap_total = bytes;
  }
  void limit(const Fields& f) { out.memory_limit = number(f[1]); }
  void swappiness(const Fields& f) {
    if (const auto value = number(f[1])) out.swappiness = static_cast<long>(*value);
  }
  void huge_pages(const Fields& f) { out.huge_pages = chosen_word(f[1]); }
  void files(const Fields& f) {
    const auto count = f[2] == "unlimited" ? std::optional<long long>(1LL << 40) : number(f[2]);
    if (f[1] == "soft") out.files_soft = count;
    if (f[1] == "hard") out.files_hard = count;
    if (f[1] == "init") out.files_of_init = count;
  }
  void dir(const Fields& f) {
    DirFact made;
    made.state = f[1] == "there" ? DirFact::State::there : f[1] == "missing" ? DirFact::State::missing : DirFact::State::not_a_directory;
    made.writable = f[2] == "writable";
    made.empty = f[3] == "empty";
    made.existing = f[4];
    out.dirs.push_back(std::move(made));
  }
  DirFact* dir_at(std::string_view index) {
    const auto at = number(index);
    return at && *at >= 0 && *at < static_cast<long long>(out.dirs.size()) ? &out.dirs[static_cast<std::size_t>(*at)] : nullptr;
  }
  void barrier(const Fields& f) {
    if (auto* dir = dir_at(f[1])) dir->enterable = false, dir->barrier = f[2];
  }
  void stranger(const Fields& f) {
    if (auto* dir = dir_at(f[1])) dir->stranger = f[2], dir->stranger_by = f[3], dir->stranger_mode = f[4];
  }
  void shared(const Fields& f) {
    if (auto* dir = dir_at(f[1])) dir->shared = f[2], dir->shared_by = f[3], dir->shared_mode = f[4];
  }
  void room(const Fields& f) { rooms_.emplace_back(f.begin(), f.end()); }
  void device(const Fields& f) { devices_.emplace_back(f[1]); }
  void listener(const Fields& f) {
    Holder made;
    made.port = static_cast<int>(number(f[1], 16).value_or(0));
    made.address = address_of(f[2]);
    made.socket_user = f[3];
    sockets_.emplace_back(f[4], std::move(made));
  }
  void holder(const Fields& f) {
    Holder made;
    made.ours = f[2] == "ours";
    made.pid = static_cast<long>(number(f[3]).value_or(0));
    made.user = f[4], made.unit = f[5], made.command = f[6];
    while (!made.command.empty() && made.command.back() == ' ') made.command.pop_back();
    owners_.emplace(f[1], std::move(made));
  }
  void service(const Fields& f) { out.services.emplace_back(f[1]); }
  void unpacked(const Fields& f) { out.unpacked.emplace_back(f[1]); }
  void owned(const Fields& f) { out.owned_dirs.emplace_back(f[1]); }
  void placed(const Fields& f) { out.owned_files.emplace_back(f[1]); }
  void lab(const Fields& f) { out.others.push_back({std::string(f[1]), {}}); }
  void theirs(const Fields& f) {
    if (!out.others.empty()) out.others.back().dirs.emplace_back(f[1]);
  }
  void unit(const Fields& f) { out.units.emplace_back(f[1], f[2]); }
  void clock(const Fields& f) { (f[1] == "begin" ? out.clock_begin : out.clock_end) = time_of(f[2], out.clock_step); }
  void looks(const Fields& f) {
    const auto first = uptime_of(f[1]), now = uptime_of(f[2]);
    if (first && now && *now >= *first) out.before_clock = *now - *first;
  }
  void settled(const Fields&) { out.settled = true; }
  void end(const Fields&) { out.complete = true; }
};

const std::map<std::string_view, Reader::Word>& Reader::words() {
  static const std::map<std::string_view, Word> all = {{"who", {2, &Reader::who}},
                                                       {"kernel", {3, &Reader::kernel}},
                                                       {"init", {1, &Reader::init}},
                                                       {"account", {1, &Reader::account}},
                                                       {"homeless", {1, &Reader::homeless}},
                                                       {"expired", {1, &Reader::expired}},
                                                       {"closed", {1, &Reader::closed}},
                                                       {"foreign", {1, &Reader::foreign}},
                                                       {"missing", {1, &Reader::missing}},
                                                       {"memory", {2, &Reader::memory}},
                                                       {"limit", {1, &Reader::limit}},
                                                       {"swappiness", {1, &Reader::swappiness}},
                                                       {"huge_pages", {1, &Reader::huge_pages}},
                                                       {"files", {2, &Reader::files}},
                                                       {"dir", {4, &Reader::dir}},
                                                       {"barrier", {2, &Reader::barrier}},
                                                       {"shared", {4, &Reader::shared}},
                                                       {"stranger", {4, &Reader::stranger}},
                                                       {"room", {6, &Reader::room}},
                                                       {"device", {1, &Reader::device}},
                                                       {"listener", {4, &Reader::listener}},
                                                       {"holder", {6, &Reader::holder}},
                                                       {"service", {1, &Reader::service}},
                                                       {"unpacked", {1, &Reader::unpacked}},
                                                       {"owned", {1, &Reader::owned}},
                                                       {"placed", {1, &Reader::placed}},
                                                       {"lab", {1, &Reader::lab}},
                                                       {"theirs", {1, &Reader::theirs}},
                                                       {"unit", {2, &Reader::unit}},
                                                       {"clock", {2, &Reader::clock}},
                                                       {"looks", {2, &Reader::looks}},
                                                       {"settled", {0, &Reader::settled}},
                                                       {"end", {0, &Reader::end}}};
  return all;
}

}  // namespace

Facts read_facts(std::string_view printed) {
  Reader reader;
  while (!printed.empty()) {
    const auto end = std::min(printed.find('\n'), printed.size());
    reader.read(split(printed.substr(0, end), '\t'));
    printed.remove_prefix(std::min(end + 1, printed.size()));
  }
  reader.finish();
  return std::move(reader.out);
}

std::optional<Offset> offset_of(const Look& look) {
  const auto& facts = look.facts;
  if (!facts.clock_begin || !facts.clock_end) return std::nullopt;
  const auto begin = *facts.clock_begin - facts.before_clock;
  const auto waited = std::max(Micros(0), look.received - look.sent - (*facts.clock_end - begin));
  const auto fineness =
      facts.before_clock > Micros(0) ? std::max(facts.clock_step, Micros(std::chrono::milliseconds(10))) : facts.clock_step;
  return Offset{((begin - look.sent) + (*facts.clock_end - look.received)) / 2, waited / 2 + fineness};
}

}  // namespace tidelab::preflight
