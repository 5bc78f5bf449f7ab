#include "disk/own_dir.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "disk/read_text.hpp"

namespace tidelab::disk {

namespace {

constexpr mode_t ours_alone = S_IRUSR | S_IWUSR;

bool is_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

tl::unexpected<Trouble> no_name(const std::string& name) {
  return tl::unexpected<Trouble>(Trouble{Kind::odd, fmt::format("`{}` is a path, and a name is wanted", name)});
}

// A medium that cannot be written keeps the mode that it has.
Outcome<void> close_to_others(int fd, const struct stat& info, const std::string& path) {
  const auto open_to_others = info.st_mode & (S_IRWXG | S_IRWXO);
  if (open_to_others == 0 || info.st_uid != ::geteuid()) return {};
  if (::fchmod(fd, info.st_mode & 07777 & ~(S_IRWXG | S_IRWXO)) != 0 && errno != EROFS) return refused(path, errno);
  return {};
}

}  // namespace

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

Outcome<OwnDir> OwnDir::settle(const Found& found) {
  if (!S_ISDIR(found.info.st_mode)) return tl::unexpected<Trouble>(Trouble{Kind::odd, found.path + " is no directory"});
  if (auto ours = must_be_ours(found.info, found.path, As::end); !ours) return tl::unexpected(ours.error());
  process::Fd fd(::openat(found.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return refused(found.path, errno);
  if (auto closed = close_to_others(fd.get(), found.info, found.path); !closed) return tl::unexpected(closed.error());
  return OwnDir(std::move(fd), found.path);
}

Outcome<OwnDir> OwnDir::open(const std::string& path, Make make) {
  const auto found = go_to(path, make);
  if (!found) return tl::unexpected(found.error());
  return settle(*found);
}

Outcome<OwnDir> OwnDir::below(const std::string& name, Make make) const {
  if (!is_name(name)) return no_name(name);
  if (make == Make::yes && ::mkdirat(fd_.get(), name.c_str(), S_IRWXU) != 0 && errno != EEXIST) return refused(path_of(name), errno);
  Found found{process::Fd(::openat(fd_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)), {}, path_of(name)};
  if (!found.fd || ::fstat(found.fd.get(), &found.info) != 0) return refused(found.path, errno);
  return settle(found);
}

Outcome<std::vector<std::string>> OwnDir::names() const {
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  const int again = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // a position of its own
  const std::unique_ptr<DIR, Close> dir(again < 0 ? nullptr : ::fdopendir(again));
  if (!dir) return refused(path_, errno);
  std::vector<std::string> out;
  errno = 0;
  while (const auto* entry = ::readdir(dir.get()))
    if (is_name(entry->d_name)) out.emplace_back(entry->d_name);
  if (errno != 0) return refused(path_, errno);
  std::sort(out.begin(), out.end());
  return out;
}

Outcome<process::Fd> OwnDir::open_file(const std::string& name, int flags) const {
  if (!is_name(name)) return no_name(name);
  const auto path = path_of(name);
  process::Fd fd(::openat(fd_.get(), name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, ours_alone));
  if (!fd && errno == ELOOP)
    return tl::unexpected<Trouble>(
        Trouble{Kind::unsafe, path + " is a link, and what is kept here is a file", "look where it leads, and remove it"});
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return refused(path, errno);
  if (!S_ISREG(info.st_mode)) return tl::unexpected<Trouble>(Trouble{Kind::odd, path + " is no file", "look at it, and remove it"});
  if (auto ours = must_be_ours(info, path, As::end); !ours) return tl::unexpected(ours.error());
  if (auto closed = close_to_others(fd.get(), info, path); !closed) return tl::unexpected(closed.error());
  return fd;
}

Outcome<std::string> OwnDir::read(const std::string& name, std::size_t most) const {
  const auto file = open_file(name, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  return read_open_text(file->get(), path_of(name), most);
}

Outcome<process::Fd> OwnDir::create(const std::string& name) const {
  if (auto gone = remove(name); !gone && gone.error().kind != Kind::missing) return tl::unexpected(gone.error());
  return open_file(name, O_WRONLY | O_CREAT | O_EXCL);
}

Outcome<process::Fd> OwnDir::share(const std::string& name) const { return open_file(name, O_RDWR | O_CREAT); }

Outcome<void> OwnDir::replace(const std::string& name, std::string_view text) const {
  const auto part = name + ".part";
  const auto file = create(part);
  if (!file) return tl::unexpected(file.error());
  if (!write_all(file->get(), text)) return refused(path_of(part), errno);
  if (::renameat(fd_.get(), part.c_str(), fd_.get(), name.c_str()) != 0) return refused(path_of(name), errno);
  return {};
}

Outcome<void> OwnDir::remove(const std::string& name) const {
  if (!is_name(name)) return no_name(name);
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0) return refused(path_of(name), errno);
  return {};
}

}  // namespace tidelab::disk
