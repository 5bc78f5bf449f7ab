// The project's own archive: its published digest first, then the body into a `.part` that survives a broken transfer
// and is resumed only when a strong validator says that it is still the same file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "artifact/cache.hpp"
#include "artifact/download.hpp"
#include "disk/read_text.hpp"
#include "step/match.hpp"

namespace tidelab::artifact {

namespace {

constexpr size_t longest_checksum_file = 1 << 20;
constexpr long long largest_archive = 16LL << 30;  // far above any that a playbook names
constexpr auto between_progress = std::chrono::milliseconds(500);

/// What may be sent as If-Range: a strong ETag, else the time of the last change. A weak ETag only promises a likeness.
std::string strong_validator(const Reply& reply) {
  const auto etag = reply.header("etag");
  if (!etag.empty()) return etag.starts_with('"') ? etag : std::string();
  return reply.header("last-modified");
}

long long number_of(std::string_view text) {
  long long number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The half-made file and, beside it, which version of which url it is the beginning of. Its digests are made as it grows.
class Part {
public:
  Part(const Attempt& attempt, std::string url, const std::string& algorithm)
      : url_(std::move(url)), path_(attempt.entry_dir + "/archive.part"), side_(path_ + ".json") {
    digests_.emplace("sha256", Digest("sha256"));
    if (algorithm != "sha256") digests_.emplace(algorithm, Digest(algorithm));
  }
  ~Part() { close(); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// False: `error` says why.
  bool open() {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0) return note(errno);
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return note(errno);
    have = info.st_size;
    const auto side = step::Answer::parse(disk::read_text(side_, longest_checksum_file).value_or(""));
    if (step::value_at(side, "/url") == url_) validator = step::value_at(side, "/validator").value_or("");
    return have == 0 || (validator.empty() ? restart() : digest_what_is_there());
  }
  bool restart() {
    ::unlink(side_.c_str());
    validator.clear();
    have = 0;
    for (auto& [algorithm, digest] : digests_) digest.finish();
    return (::ftruncate(fd_, 0) == 0 && ::lseek(fd_, 0, SEEK_SET) == 0) || note(errno);
  }
  bool to_end() { return ::lseek(fd_, 0, SEEK_END) >= 0 || note(errno); }
  bool remember(const std::string& new_validator) {
    validator = new_validator;
    if (validator.empty()) return true;
    const auto text = fmt::format("{{\"url\":{},\"validator\":{}}}\n", step::json_string(url_), step::json_string(validator));
    const int failed = write_whole(side_, text);
    return failed == 0 || note(failed);
  }
  bool write(std::string_view data) {
    for (auto& [algorithm, digest] : digests_) digest.update(data);
    while (!data.empty()) {
      const auto wrote = ::write(fd_, data.data(), data.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return note(errno);
      have += wrote;
      data.remove_prefix(static_cast<size_t>(wrote));
    }
    return true;
  }
  bool sync() { return ::fsync(fd_) == 0 || note(errno); }
  /// Of all that was written; once.
  std::string digest(const std::string& algorithm) { return digests_.at(algorithm).finish(); }
  void remove() {
    close();
    ::unlink(path_.c_str());
    forget();
  }
  void forget() { ::unlink(side_.c_str()); }
  const std::string& path() const { return path_; }
  const std::string& url() const { return url_; }

  long long have = 0;
  std::string validator;  ///< empty: cannot be resumed
  int error = 0;

private:
  bool note(int number) {
    error = number;
    return false;
  }
  bool digest_what_is_there() {
    std::vector<char> buffer(1 << 20);
    for (;;) {
      const auto got = ::read(fd_, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return got == 0 || note(errno);
      for (auto& [algorithm, digest] : digests_) digest.update({buffer.data(), static_cast<size_t>(got)});
    }
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::string url_;
  std::string path_;
  std::string side_;
  std::map<std::string, Digest> digests_;
  int fd_ = -1;
};

/// "12 of 68 MB", at most twice a second.
class Progress {
public:
  explicit Progress(const Attempt& attempt) : attempt_(attempt) {}
  void tell(long long have, long long total) {
    const auto now = step::Clock::now();
    if (now < next_) return;
    next_ = now + between_progress;
    const auto mb = [](long long bytes) { return (bytes + 500'000) / 1'000'000; };
    if (total > 0) {
      attempt_.control.say(fmt::format("{}: {} of {} MB", attempt_.subject(), mb(have), mb(total)));
    } else {
      attempt_.control.say(fmt::format("{}: {} MB", attempt_.subject(), mb(have)));
    }
  }

private:
  const Attempt& attempt_;
  step::Clock::time_point next_ = step::Clock::now() + between_progress;
};

/// One GET into the part. `again`: what was there cannot be built upon, and the part is empty now.
struct Round {
  Attempt const& attempt;
  Part& part;
  Unreachable& unreachable;
  long long total = -1;
  bool again = false;
  bool too_large = false;

  long long most() const { return attempt.source.bytes > 0 ? attempt.source.bytes : largest_archive; }
  bool begin(const Reply& reply) {
    if (reply.status == 206) {
      const auto range = reply.header("content-range");
      const auto now = strong_validator(reply);
      const bool fits = range.starts_with(fmt::format("bytes {}-", part.have)) && (now.empty() || now == part.validator);
      if (const auto slash = range.find('/'); slash != range.npos) total = number_of(std::string_view(range).substr(slash + 1));
      again = !fits;
      return fits && part.to_end();
    }
    if (reply.status == 416) again = true;
    if (reply.status != 200) return true;
    total = number_of(reply.header("content-length"));
    too_large = total > most();
    return !too_large && part.restart() && part.remember(strong_validator(reply));
  }

  Got<Reply> perform() {
    Progress progress(attempt);
    Download download{part.url(), {}, [&](const Reply& reply) { return begin(reply); }, {}};
    download.write = [&](std::string_view data) {
      too_large = too_large || part.have + static_cast<long long>(data.size()) > most();
      if (too_large || !part.write(data)) return false;
      progress.tell(part.have, total);
      return true;
    };
    if (part.have > 0) download.headers = {{"Range", fmt::format("bytes={}-", part.have)}, {"If-Range", part.validator}};
    return get(download, attempt.control, unreachable);
  }
};

Got<void> tell_what_is_missing(Part& part, const Round& round, const Got<Reply>& got) {
  const auto& attempt = round.attempt;
  if (round.too_large) {
    part.remove();
    if (attempt.source.bytes > 0)
      return end_search({Why::failed, fmt::format("{} is larger than the {} bytes that it should have", part.url(), attempt.source.bytes)});
    return refuse(Why::failed, fmt::format("{} is larger than {} GiB, which no archive is", part.url(), largest_archive >> 30));
  }
  const int error = part.error;
  if (error != 0 || part.have == 0 || part.validator.empty()) part.remove();
  if (is_no_room(error)) return end_search(no_room(attempt.entry_dir, attempt.wanted.file_name));
  if (error != 0) return refuse_write(part.path(), error);
  if (!got && got.error().failure.why == Why::failed && part.have > 0) {
    const auto& said = got.error().failure.what;
    const auto of = round.total > 0 ? fmt::format(" of {}", round.total) : std::string();
    return refuse(Why::failed, fmt::format("the download broke off after {}{} bytes", part.have, of), said);
  }
  if (!got) return tl::unexpected<Refusal>(got.error());
  return refuse(Why::failed, fmt::format("{} answered {}", part.url(), got->status));
}

/// Complete, or an error that keeps what can be resumed and removes the rest.
Got<void> download_into(Part& part, const Attempt& attempt, Unreachable& unreachable) {
  if (!part.open()) return refuse_write(part.path(), part.error);
  Round round{attempt, part, unreachable};
  auto got = round.perform();
  if (!round.too_large && part.error == 0 && may_pass(got) && step::pause(attempt.control, before_second_try) &&
      (!part.validator.empty() || part.restart()))
    got = round.perform();
  if (round.again && part.restart()) {
    round.again = false;
    got = round.perform();
  }
  const bool complete = got && (got->status == 200 || got->status == 206) && part.error == 0 && !round.again;
  if (complete && part.sync()) return {};
  return tell_what_is_missing(part, round, got);
}

struct Published {
  std::optional<Checksum> checksum;  ///< none: it is taken as it is
  std::string by;                    ///< how it is known
};

Got<Published> read_published(const Attempt& attempt, const std::string& text) {
  const auto& source = attempt.source;
  const auto found_as = [&](std::optional<Checksum> found) {
    const auto by = fmt::format("{} published at {}", found->algorithm, source.checksum_url);
    return Published{std::move(found), by};
  };
  for (const auto& url : source.urls) {
    const auto path = url.substr(0, url.find_first_of("?#"));
    if (auto found = read_checksum_file(text, path.substr(path.rfind('/') + 1))) return found_as(std::move(found));
  }
  if (auto found = read_checksum_file(text, attempt.wanted.file_name)) return found_as(std::move(found));
  // Repositories of Maven publish nothing better for most of what they have.
  if (source.checksum_url.ends_with(".sha1"))
    if (auto found = read_sha1(text)) return found_as(std::move(found));
  return refuse(Why::failed, fmt::format("{} holds no sha256 or sha512 digest of it", source.checksum_url), text.substr(0, 400));
}

Got<Published> published_checksum(const Attempt& attempt, Unreachable& unreachable) {
  const auto& source = attempt.source;
  if (!source.checksum.empty()) {
    if (auto given = read_checksum(source.checksum)) return Published{given, given->algorithm + " given with it"};
    return refuse(Why::failed, fmt::format("\"{}\" is no sha256 or sha512 digest", source.checksum));
  }
  if (source.checksum_url.empty() && !source.may_be_unverified)
    return refuse(Why::failed, "no checksum is known for it, so it is not downloaded");
  const auto got = get_document(source.checksum_url, {}, longest_checksum_file, attempt.control, unreachable);
  if (!got) return tl::unexpected<Refusal>(got.error());
  if (got->status == 404 && source.may_be_unverified) return Published{std::nullopt, unverified};
  if (got->status != 200) return refuse(Why::failed, fmt::format("{} answered {}", source.checksum_url, got->status));
  return read_published(attempt, got->text);
}

Got<Fetched> fetch_from(const std::string& url, const Published& published, const Attempt& attempt, Unreachable& unreachable) {
  Part part(attempt, url, published.checksum ? published.checksum->algorithm : "sha256");
  if (auto got = download_into(part, attempt, unreachable); !got) return tl::unexpected<Refusal>(got.error());
  Fetched fetched{part.path(), {}, published.by, url, {}, {}};
  if (published.checksum) {
    const auto digest = part.digest(published.checksum->algorithm);
    if (auto right = compare(*published.checksum, digest, attempt.subject(), url); !right) {
      part.remove();
      return tl::unexpected<Refusal>(right.error());
    }
    fetched.verified = published.checksum->text();
    if (published.checksum->algorithm == "sha256") fetched.sha256 = digest;
  }
  if (fetched.sha256.empty()) fetched.sha256 = part.digest("sha256");
  part.forget();
  return fetched;
}

}  // namespace

Got<Fetched> fetch_official(const Attempt& attempt, Unreachable& unreachable) {
  const auto published = published_checksum(attempt, unreachable);
  if (!published) return tl::unexpected<Refusal>(published.error());
  std::optional<Refusal> said;
  for (const auto& url : attempt.source.urls) {
    auto fetched = fetch_from(url, *published, attempt, unreachable);
    if (fetched || fetched.error().final) return fetched;
    auto& refusal = fetched.error();
    if (said) {  // where the last one is not there, neither was the first
      refusal.failure.evidence = said->failure.what + (refusal.failure.evidence.empty() ? "" : "\n") + refusal.failure.evidence;
      if (said->failure.why != Why::unreachable) refusal.failure.why = said->failure.why;
    }
    said = std::move(refusal);
  }
  if (!said) return refuse(Why::failed, "no address is known for it");
  return tl::unexpected<Refusal>(std::move(*said));
}

}  // namespace tidelab::artifact
