#include "disk/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <mutex>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace tidelab::disk {

namespace {

constexpr std::size_t room = 64 << 10;  // for one entry, with all members of a group

std::optional<std::string> known_name(uid_t id) {
  std::vector<char> buffer(room);
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return entry.pw_name;
}

bool has_other_members(gid_t group, const std::string& owner) {
  std::vector<char> buffer(room);
  struct group entry {};
  struct group* found = nullptr;
  if (::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return true;
  for (auto** member = entry.gr_mem; *member != nullptr; ++member)
    if (owner != *member) return true;
  return false;
}

// Whose first group it is does not stand with the group.
bool is_first_of_others(gid_t group, uid_t owner) {
  static std::mutex mutex;  // the list has one place for the whole process
  const std::lock_guard lock(mutex);
  bool others = false;
  ::setpwent();
  while (const auto* account = ::getpwent())
    if (account->pw_gid == group && account->pw_uid != owner) others = true;
  ::endpwent();
  return others;
}

}  // namespace

std::string name_of_account(uid_t id) { return known_name(id).value_or(fmt::format("account {}", id)); }

bool is_group_of_one(gid_t group, uid_t owner) {
  const auto name = known_name(owner);
  return name && !has_other_members(group, *name) && !is_first_of_others(group, owner);
}

}  // namespace tidelab::disk
