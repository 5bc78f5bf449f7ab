// A directory that only this account (and root) can change, and its files: what tidelab keeps between its runs. What may be
// secret is in there, so it is for nobody else's eyes either.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "disk/trouble.hpp"
#include "disk/way.hpp"
#include "process/fd.hpp"

namespace tidelab::disk {

/// Names are names, never paths. Links are refused wherever a file is meant. What is this account's and could be read by
/// others, as older releases made it, is closed to them when it is opened.
class OwnDir {
public:
  /// `path` and the way to it. What is missing is made, or is `Kind::missing`.
  static Outcome<OwnDir> open(const std::string& path, Make make);
  Outcome<OwnDir> below(const std::string& name, Make make) const;

  const std::string& path() const { return path_; }
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  /// What is in it, sorted.
  Outcome<std::vector<std::string>> names() const;

  /// `most`: bytes; of a larger file nothing is given.
  Outcome<std::string> read(const std::string& name, std::size_t most) const;
  /// All of it or nothing: whoever reads it meanwhile has the old file.
  Outcome<void> replace(const std::string& name, std::string_view text) const;
  /// A new, empty file in place of what was there, open for writing.
  Outcome<process::Fd> create(const std::string& name) const;
  /// The same file for everybody, made where it is missing, and open for reading and writing.
  Outcome<process::Fd> share(const std::string& name) const;
  Outcome<void> remove(const std::string& name) const;

private:
  OwnDir(process::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  static Outcome<OwnDir> settle(const Found& found);
  Outcome<process::Fd> open_file(const std::string& name, int flags) const;

  process::Fd fd_;
  std::string path_;
};

/// All of `text`, or false with errno.
bool write_all(int fd, std::string_view text);

}  // namespace tidelab::disk
