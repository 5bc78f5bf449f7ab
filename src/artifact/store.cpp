// The order of sources: first what is at hand, then each source in turn; and the message when none works.
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "artifact/cache.hpp"
#include "artifact/mirror.hpp"
#include "disk/way.hpp"

namespace tidelab::artifact {

namespace fs = std::filesystem;

struct Store::State {
  explicit State(std::string dir) : cache_dir(std::move(dir)), mirrors(cache_dir) {}
  std::string cache_dir;
  Unreachable unreachable;
  Mirrors mirrors;
};

namespace {

/// One call of acquire, with what the sources have said so far.
class Search {
public:
  Search(const std::string& cache_dir, Unreachable& unreachable, Mirrors& mirrors, const Wanted& wanted, const Control& control)
      : cache_dir_(cache_dir), unreachable_(unreachable), mirrors_(mirrors), wanted_(wanted), control_(control) {}

  Result<Acquired> perform();
  std::optional<Acquired> find() {
    if (!check_cache(version_dir(cache_dir_, wanted_))) return std::nullopt;  // who gets it says why
    auto found = look(Careful::only_trusted);
    return found ? *found : std::nullopt;
  }

private:
  enum class Careful { only_trusted, repairing };

  std::string subject() const { return wanted_.name + " " + wanted_.version; }
  Got<std::optional<Acquired>> look(Careful careful);
  Got<std::optional<Acquired>> look_at(const Source& source, const Entry& entry, Careful careful);
  Got<bool> still_good(const Entry& entry, const Source& source, Record& record);
  Got<Acquired> fetch(const Source& source);
  Got<Fetched> fetch_from(const Attempt& attempt);
  Got<Acquired> keep(const Entry& entry, const Source& source, const Fetched& fetched);
  Acquired make_acquired(const Entry& entry, const Source& source, const Record& record, bool from_cache) const {
    return {entry.file,        record.sha256, record.bytes,
            source.kind,       source.note,   from_cache,
            record.release,    record.from,   std::chrono::milliseconds(0),
            record.verified_by};
  }
  Failure nothing_worked() const;

  const std::string& cache_dir_;
  Unreachable& unreachable_;
  Mirrors& mirrors_;
  const Wanted& wanted_;
  const Control& control_;
  std::vector<Failure> said_;
};

Result<Acquired> Search::perform() {
  const auto unwrap = [](const Refusal& refusal) { return tl::unexpected<Failure>(refusal.failure); };
  const auto dir = version_dir(cache_dir_, wanted_);
  if (auto ours = check_cache(dir); !ours) return tl::unexpected<Failure>(ours.error());
  // Without a lock first: a complete entry only ever appears by a rename, and a run that finds all it needs must not
  // wait for one that builds, nor need to write.
  auto found = look(Careful::only_trusted);
  if (!found) return unwrap(found.error());
  if (*found) return **found;

  if (auto made = make_dirs(dir); !made) return unwrap(made.error());
  const auto lock = Lock::open_lock(dir + "/.lock", subject() + ": waiting for another run that is getting it", control_);
  if (!lock) return unwrap(lock.error());
  found = look(Careful::repairing);
  if (!found) return unwrap(found.error());
  if (*found) return **found;

  for (const auto& source : wanted_.sources) {
    if (control_.stopped() || control_.expired()) return tl::unexpected<Failure>(ended(control_, "getting " + subject()));
    const auto since = step::Clock::now();
    auto got = fetch(source);
    if (got) {
      got->took = std::chrono::duration_cast<std::chrono::milliseconds>(step::Clock::now() - since);
      return *got;
    }
    if (got.error().final) return unwrap(got.error());
    said_.push_back(got.error().failure);
  }
  return tl::unexpected<Failure>(nothing_worked());
}

/// All sources are looked up in the cache before any of them is asked: a second run uses what the first one used, also
/// when a host that comes earlier in the list can be reached by now. Only a local file is at hand as well, so it is not passed over.
Got<std::optional<Acquired>> Search::look(Careful careful) {
  std::error_code error;
  for (const auto& source : wanted_.sources) {
    const auto entry = make_entry(cache_dir_, wanted_, source, control_);
    if (!entry && entry.error().why != Why::failed) return end_search(entry.error());
    if (!entry) continue;  // says so itself when its turn comes
    auto found = look_at(source, *entry, careful);
    if (!found || *found) return found;
    if (source.kind == Kind::file || (careful == Careful::only_trusted && fs::exists(entry->file, error))) break;
  }
  return std::optional<Acquired>{};
}

Got<std::optional<Acquired>> Search::look_at(const Source& source, const Entry& entry, Careful careful) {
  auto record = read_record(entry);
  if (!record) return std::optional<Acquired>{};
  const auto asked = read_checksum(source.checksum);
  const bool as_asked = !asked || asked->text() == record->verified || asked->text() == "sha256:" + record->sha256;
  if (as_asked && is_trusted(*record, entry)) return std::optional(make_acquired(entry, source, *record, true));
  if (careful == Careful::only_trusted) return std::optional<Acquired>{};
  const auto good = still_good(entry, source, *record);
  if (!good) return tl::unexpected<Refusal>(good.error());
  if (*good) return std::optional(make_acquired(entry, source, *record, true));
  return std::optional<Acquired>{};
}

/// Size, time or inode changed, or another checksum is asked for than the one that was verified: the file itself decides.
Got<bool> Search::still_good(const Entry& entry, const Source& source, Record& record) {
  std::error_code error;
  const bool there = fs::exists(entry.file, error);
  const auto digest = there ? digest_file(entry.file, "sha256", control_) : Result<std::string>("");
  if (!digest && digest.error().why != Why::failed) return end_search(digest.error());
  auto asked = read_checksum(source.checksum);
  bool good = digest && *digest == record.sha256;
  if (good && asked) {
    const auto right = verify(entry.file, *asked, subject(), record.from, control_);
    if (!right && right.error().failure.why != Why::failed) return tl::unexpected<Refusal>(right.error());
    good = right.has_value();
  }
  if (good) {
    if (asked) record.verified = asked->text();
    const auto renewed = write_record(entry, record, control_);
    if (!renewed) return tl::unexpected<Refusal>(renewed.error());
    record = *renewed;
    return true;
  }
  control_.say(fmt::format("{}: the cached {} is {}, getting it anew", subject(), entry.file, there ? "not what it was" : "gone"));
  drop(entry);
  return false;
}

Got<Acquired> Search::fetch(const Source& source) {
  const auto entry = make_entry(cache_dir_, wanted_, source, control_);
  if (!entry) return pass_on(entry.error());
  const auto work = WorkDir::open_work_dir(version_dir(cache_dir_, wanted_) + "/.work");
  if (!work) return tl::unexpected<Refusal>(work.error());
  if (auto made = make_dirs(entry->dir); !made) return tl::unexpected<Refusal>(made.error());
  const Attempt attempt{wanted_, source, control_, cache_dir_, entry->dir, work->path()};
  auto got = fetch_from(attempt).and_then([&](const Fetched& fetched) { return keep(*entry, source, fetched); });
  if (!got) ::rmdir(entry->dir.c_str());  // stays when a part is kept in it for a resume
  return got;
}

Got<Fetched> Search::fetch_from(const Attempt& attempt) {
  switch (attempt.source.kind) {
    case Kind::official:
    case Kind::url: return fetch_official(attempt, unreachable_);
    case Kind::tiup: return fetch_tiup(attempt, unreachable_, mirrors_);
    case Kind::index: return fetch_index(attempt, unreachable_);
    case Kind::maven: return fetch_maven(attempt);
    case Kind::file: return fetch_file(attempt);
    case Kind::assembled: return fetch_assembled(attempt);
  }
  return refuse(Why::failed, "no such kind of source");
}

Got<Acquired> Search::keep(const Entry& entry, const Source& source, const Fetched& fetched) {
  ::unlink(entry.record().c_str());
  ::chmod(fetched.path.c_str(), 0444);
  if (::rename(fetched.path.c_str(), entry.file.c_str()) != 0) return refuse_write(entry.file, errno);
  Record seen{fetched.sha256, fetched.verified, name_of(source.kind), source.note, fetched.from, fetched.release, fetched.verified_by, ""};
  if (seen.from.empty()) seen.from = place_of(source);
  const auto record = write_record(entry, std::move(seen), control_);
  if (record) return make_acquired(entry, source, *record, false);
  drop(entry);
  return tl::unexpected<Refusal>(record.error());
}

std::string indent(const std::string& text) {
  std::string indented = "    ";
  for (const char c : text) {
    indented += c;
    if (c == '\n') indented += "    ";
  }
  return indented;
}

Failure Search::nothing_worked() const {
  Failure failure{Why::unreachable,
                  fmt::format("{} could not be obtained from any of its sources ({})", subject(), wanted_.sources.size())};
  for (size_t i = 0; i < said_.size(); ++i) {
    if (said_[i].why != Why::unreachable) failure.why = Why::failed;
    const auto& source = wanted_.sources[i];
    failure.evidence += fmt::format("{}{} {}: {}", i == 0 ? "" : "\n", name_of(source.kind), place_of(source), said_[i].what);
    if (!said_[i].evidence.empty()) failure.evidence += "\n" + indent(said_[i].evidence);
    if (failure.help.empty()) failure.help = said_[i].help;
  }
  return failure;
}

}  // namespace

namespace {

constexpr std::pair<Kind, const char*> kinds[] = {{Kind::official, "official"},  {Kind::tiup, "tiup"}, {Kind::index, "index"},
                                                  {Kind::maven, "maven"},        {Kind::url, "url"},   {Kind::file, "file"},
                                                  {Kind::assembled, "assembled"}};

}  // namespace

const char* name_of(Kind kind) {
  for (const auto& [each, name] : kinds)
    if (each == kind) return name;
  return "";
}

std::optional<Kind> kind_named(std::string_view name) {
  for (const auto& [kind, each] : kinds)
    if (name == each) return kind;
  return std::nullopt;
}

Store::Store(std::string cache_dir) {
  // Absolute, because scripts run in another directory. Where we are nowhere, making it will say so.
  std::error_code error;
  const auto whole = fs::absolute(cache_dir, error).string();
  state_ = std::make_unique<State>(error ? std::move(cache_dir) : whole);
}

Store::~Store() = default;

Result<Acquired> Store::acquire(const Wanted& wanted, const Control& control) {
  return Search(state_->cache_dir, state_->unreachable, state_->mirrors, wanted, control).perform();
}

std::optional<Acquired> Store::find(const Wanted& wanted, const Control& control) {
  return Search(state_->cache_dir, state_->unreachable, state_->mirrors, wanted, control).find();
}

Result<std::string> default_cache_dir() {
  // The base-directory specification has a relative XDG_CACHE_HOME ignored.
  const auto absolute = [](const char* value) { return value != nullptr && value[0] == '/'; };
  if (const char* set = std::getenv("XDG_CACHE_HOME"); absolute(set)) return std::string(set) + "/tidelab";
  if (const char* home = std::getenv("HOME"); absolute(home)) return std::string(home) + "/.cache/tidelab";
  Failure failure{Why::failed, "neither HOME nor XDG_CACHE_HOME says where to keep archives"};
  failure.help = "set XDG_CACHE_HOME to a directory that is this account's alone, the same in every run";
  return tl::unexpected<Failure>(std::move(failure));
}

Result<void> check_cache(const std::string& cache_dir) {
  const auto found = disk::go_to(cache_dir, disk::Make::no);
  if (!found && found.error().kind == disk::Kind::missing) return {};
  const auto good = found ? disk::must_be_ours(found->info, found->path, disk::As::end) : tl::unexpected(found.error());
  if (good) return {};
  Failure failure{Why::failed, "the cache of archives cannot be used: " + good.error().what};
  failure.help = good.error().help + (good.error().help.empty() ? "" : "; ") + "XDG_CACHE_HOME names another directory for archives";
  return tl::unexpected<Failure>(std::move(failure));
}

}  // namespace tidelab::artifact
