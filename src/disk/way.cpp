#include "disk/way.hpp"

#include <fcntl.h>
#include <sys/xattr.h>

#include <cerrno>
#include <climits>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "disk/accounts.hpp"

namespace tidelab::disk {

namespace {

constexpr int most_links = 40;  // as the kernel has it

// An access list shows as rights of the group, and says only there for whom they are.
bool has_access_list(const std::string& path) { return ::lgetxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0; }

bool others_may_write(const struct stat& info, const std::string& path) {
  if ((info.st_mode & S_IWOTH) != 0) return true;
  return (info.st_mode & S_IWGRP) != 0 && (has_access_list(path) || !is_group_of_one(info.st_gid, info.st_uid));
}

class Walk {
public:
  explicit Walk(Make make) : make_(make) {}

  Outcome<Found> go(const std::string& path) {
    if (auto begun = begin(path); !begun) return tl::unexpected(begun.error());
    while (!left_.empty()) {
      const auto name = std::move(left_.back());
      left_.pop_back();
      if (name.empty() || name == ".") continue;
      if (auto entered = enter(name); !entered) return tl::unexpected(entered.error());
    }
    return std::move(at_);
  }

private:
  Outcome<void> begin(const std::string& path) {
    std::error_code error;
    const auto here = path.starts_with('/') ? std::filesystem::path() : std::filesystem::current_path(error);
    if (error) return refused("the current directory", error.value());
    push((here / path).string());
    return to_root();
  }

  Outcome<void> to_root() {
    at_.fd = process::Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    at_.path = "/";
    return look(at_);
  }

  void push(const std::string& path) {
    for (auto end = path.size();;) {  // the last name goes to the bottom
      const auto slash = end == 0 ? std::string::npos : path.rfind('/', end - 1);
      const auto from = slash == std::string::npos ? 0 : slash + 1;
      left_.push_back(path.substr(from, end - from));
      if (slash == std::string::npos) return;
      end = slash;
    }
  }

  Outcome<void> look(Found& found) const {
    if (!found.fd || ::fstat(found.fd.get(), &found.info) != 0) return refused(found.path, errno);
    return must_be_ours(found.info, found.path, As::way);
  }

  Found open_below(const std::string& name) const {
    Found next;
    const std::filesystem::path here(at_.path);
    next.path = (name == ".." ? here.parent_path() : here / name).string();
    next.fd = process::Fd(::openat(at_.fd.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    return next;
  }

  Outcome<void> enter(const std::string& name) {
    auto next = open_below(name);
    if (!next.fd && errno == ENOENT && make_ == Make::yes) {
      if (::mkdirat(at_.fd.get(), name.c_str(), S_IRWXU) != 0 && errno != EEXIST) return refused(next.path, errno);
      next = open_below(name);
    }
    if (!next.fd) return refused(next.path, errno);
    if (auto ours = look(next); !ours) return ours;
    if (S_ISLNK(next.info.st_mode)) return follow(next);
    at_ = std::move(next);
    return {};
  }

  Outcome<void> follow(const Found& link) {
    if (++links_ > most_links) return refused(link.path, ELOOP);
    std::string target(PATH_MAX, '\0');
    const auto size = ::readlinkat(link.fd.get(), "", target.data(), target.size());
    if (size < 0) return refused(link.path, errno);
    target.resize(static_cast<std::size_t>(size));
    push(target);
    return target.starts_with('/') ? to_root() : Outcome<void>{};
  }

  Make make_;
  Found at_;
  std::vector<std::string> left_;  // the next name is the last
  int links_ = 0;
};

}  // namespace

Outcome<void> must_be_ours(const struct stat& info, const std::string& path, As as) {
  const auto unsafe = [](std::string what, std::string help) {
    return tl::unexpected<Trouble>(Trouble{Kind::unsafe, std::move(what), std::move(help)});
  };
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    const auto owner = name_of_account(info.st_uid), here = name_of_account(::geteuid());
    return unsafe(fmt::format("{} belongs to {}, who could put anything there; this is {}", path, owner, here),
                  fmt::format("go on as {}, or name a place that is {}'s", owner, here));
  }
  const bool sticky = as == As::way && S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
  // What is written to a device changes nothing that is read from it.
  if (S_ISLNK(info.st_mode) || S_ISCHR(info.st_mode) || sticky || !others_may_write(info, path)) return {};
  return unsafe(fmt::format("{} can be changed by other accounts (mode {:04o})", path, info.st_mode & 07777),
                fmt::format("look whether all in it is yours, then close it: chmod go-w {}", path));
}

Outcome<Found> go_to(const std::string& path, Make make) { return Walk(make).go(path); }

Outcome<void> check_own_file(const std::string& path) {
  const auto found = go_to(path, Make::no);
  if (!found) return tl::unexpected(found.error());
  return must_be_ours(found->info, found->path, As::end);
}

}  // namespace tidelab::disk
