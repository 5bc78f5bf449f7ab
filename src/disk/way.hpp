// The way to a place on this machine: every directory and link on it, and who could change where it leads.
#pragma once

#include <sys/stat.h>

#include "disk/trouble.hpp"
#include "process/fd.hpp"

namespace tidelab::disk {

/// Whether what is missing of the way is made, as directories for this account alone (0700).
enum class Make { no, yes };

/// Why `info`, which `path` names, could be changed by somebody who is neither this account nor root; empty: by nobody.
/// A directory that all may write and only owners may take from (/tmp) is good enough for what lies on the way.
enum class As { way, end };
Outcome<void> must_be_ours(const struct stat& info, const std::string& path, As as);

/// Goes to `path`, and refuses the first thing on the way that others could change. Links are followed one by one, each as
/// part of the way, so that between the look and the use nobody else can lead it elsewhere. The descriptor is good for
/// looking and for names below it (O_PATH); `end` of what it stands for. A relative path begins at the current directory.
struct Found {
  process::Fd fd;
  struct stat info {};
  std::string path;  ///< where it really is
};
Outcome<Found> go_to(const std::string& path, Make make);

/// Nobody but this account and root could have written the file, or put another one in its place.
Outcome<void> check_own_file(const std::string& path);

}  // namespace tidelab::disk
