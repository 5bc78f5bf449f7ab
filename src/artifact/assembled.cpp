// An archive built by a script of ours out of package registries: `script --versions`, then `script VERSION OUTPUT`.
#include <sys/stat.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "artifact/process.hpp"
#include "artifact/sources.hpp"

namespace tidelab::artifact {

namespace fs = std::filesystem;

namespace {

/// One line for each file below `root`: its path, whether it may be run, and its content.
Result<std::string> list_tree(const fs::path& root, const Control& control) {
  std::vector<std::string> lines;
  std::error_code error;
  for (fs::recursive_directory_iterator each(root, error), end; !error && each != end; each.increment(error)) {
    const auto path = each->path();
    const auto name = path.lexically_relative(root).string();
    // What to do with the archive is no part of it, nor are notes about it.
    if (name == "playbook.yaml" || name.starts_with("templates") || name.ends_with(".md")) continue;
    const auto state = each->symlink_status(error);
    if (error) break;
    if (fs::is_symlink(state)) {
      lines.push_back("link " + name + " " + fs::read_symlink(path, error).string());
    } else if (fs::is_regular_file(state)) {
      const auto digest = digest_file(path.string(), "sha256", control);
      if (!digest) return digest;
      const bool runs = (state.permissions() & fs::perms::owner_exec) != fs::perms::none;
      lines.push_back((runs ? "exec " : "file ") + name + " " + *digest);
    }
  }
  if (error) return tl::unexpected<Failure>(os_failure("cannot read " + root.string(), error.value()));
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

Command make_command(const Attempt& attempt, std::vector<std::string> arguments) {
  Command command;
  command.argv = {fs::absolute(attempt.source.script).string()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.env = {"TIDELAB_CACHE=" + attempt.cache_dir};
  command.cwd = attempt.work_dir + "/run";
  return command;
}

tl::unexpected<Refusal> refuse_code(const Attempt& attempt, const std::string& called, const Ended& ran) {
  switch (ran.code) {
    case 2: return refuse(Why::failed, fmt::format("the script does not provide version {}", attempt.wanted.version), ran.tail);
    case 3: return refuse(Why::unreachable, "the script misses a tool on this machine", ran.tail);
    case 4: return refuse(Why::failed, "a download was refused to the script, or brought something else", ran.tail);
    default: return refuse(Why::failed, fmt::format("{} ended with exit code {}", called, ran.code), ran.tail);
  }
}

/// The version to build: the one that is wanted, or the last one listed of that line (11 → 11.0.13). Asked first, because it is quick and
/// an unprovided version must not start any download.
Got<std::string> provided_version(const Attempt& attempt) {
  Control quick = attempt.control;
  quick.deadline = std::min(quick.deadline, step::Clock::now() + std::chrono::seconds(30));
  const auto ran = run(make_command(attempt, {"--versions"}), quick);
  if (!ran && ran.error().why == Why::timed_out && !attempt.control.expired())
    return refuse(Why::failed, "the script does not answer --versions", ran.error().evidence);
  if (!ran) return pass_on(ran.error());
  if (ran->code != 0) return refuse_code(attempt, "the script with --versions", *ran);
  const auto& wanted = attempt.wanted.version;
  std::istringstream words(ran->out);
  std::string provided, of_line;
  for (std::string version; words >> version;) {
    if (version == wanted) return version;
    if (version.starts_with(wanted + ".")) of_line = version;
    provided += version + ", ";
  }
  if (!of_line.empty()) return of_line;
  return refuse(Why::failed, fmt::format("assembled source provides {}not {}", provided, wanted));
}

}  // namespace

Result<std::string> digest_script(const std::string& script, const Control& control) {
  const fs::path path = fs::absolute(script).lexically_normal();
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return step::fail(Why::failed, "there is no script " + script);
  auto own = list_tree(path.parent_path(), control);
  if (!own) return own;
  std::string text = path.filename().string() + "\n" + *own;
  const auto lib = path.parent_path().parent_path() / "lib";
  if (fs::is_directory(lib, error)) {
    const auto shared = list_tree(lib, control);
    if (!shared) return shared;
    text += "lib\n" + *shared;
  }
  return sha256_text(text);
}

Got<Fetched> fetch_assembled(const Attempt& attempt) {
  std::error_code error;
  fs::create_directory(attempt.work_dir + "/run", error);
  if (error) return refuse_write(attempt.work_dir + "/run", error.value());
  const auto version = provided_version(attempt);
  if (!version) return tl::unexpected<Refusal>(version.error());

  const auto output = attempt.work_dir + "/" + fs::path(attempt.wanted.file_name).filename().string();
  auto command = make_command(attempt, {*version, output});
  command.on_line = [&](const std::string& line) { attempt.control.say(attempt.subject() + ": " + line); };
  attempt.control.say(attempt.subject() + ": assembling it");
  const auto ran = run(command, attempt.control);
  if (!ran) return pass_on(ran.error());
  if (ran->code != 0 && ran->tail.find("No space left on device") != std::string::npos) {
    auto full = no_room(attempt.entry_dir, attempt.wanted.file_name);
    full.evidence = ran->tail;
    return end_search(std::move(full));
  }
  if (ran->code != 0) return refuse_code(attempt, "the script", *ran);
  if (!fs::is_regular_file(output, error) || fs::file_size(output, error) == 0)
    return refuse(Why::failed, "the script ended well, but made no output file", ran->tail);
  return Fetched{output, {}, "built here from package registries", {}, *version == attempt.wanted.version ? std::string() : *version};
}

}  // namespace tidelab::artifact
