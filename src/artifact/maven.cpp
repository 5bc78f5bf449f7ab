// An archive out of a Maven repository, through Maven's own client: it knows the user's mirrors, proxies and credentials,
// and verifies the repository's checksums.
#include <filesystem>

#include <fmt/format.h>

#include "artifact/cache.hpp"
#include "artifact/process.hpp"
#include "artifact/sources.hpp"

namespace tidelab::artifact {

namespace fs = std::filesystem;

Got<Fetched> fetch_maven(const Attempt& attempt) {
  const auto out = attempt.work_dir + "/out";
  Command command;
  command.argv = {"mvn",
                  "-B",
                  "-q",
                  "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
                  "-Dartifact=" + attempt.source.coordinate,
                  "-DoutputDirectory=" + out,
                  "-Dmdep.useBaseVersion=true"};
  command.cwd = attempt.work_dir;
  command.merged = true;  // its errors are on stdout
  // Maven's own repository on this machine is not made for several clients at once: two that fetch one plugin into an
  // empty one break each other. The assemble scripts take the same lock.
  const auto turn =
      Lock::open_lock(attempt.cache_dir + "/maven.lock", attempt.subject() + ": waiting for its turn with Maven", attempt.control);
  if (!turn) return tl::unexpected<Refusal>(turn.error());
  attempt.control.say(fmt::format("{}: asking Maven for {}", attempt.subject(), attempt.source.coordinate));
  const auto ran = run(command, attempt.control);
  if (!ran && ran.error().why == Why::unreachable)
    return refuse(Why::unreachable, "Maven's client `mvn` is not installed", ran.error().what);
  if (!ran) return pass_on(ran.error());
  if (ran->code != 0 && ran->tail.find("No space left on device") != std::string::npos)
    return end_search(no_room(attempt.entry_dir, attempt.wanted.file_name));
  if (ran->code != 0) return refuse(Why::failed, fmt::format("`mvn` ended with exit code {}", ran->code), ran->tail);

  std::error_code error;
  std::vector<std::string> files;
  for (const auto& each : fs::directory_iterator(out, error)) files.push_back(each.path().string());
  if (files.size() != 1) return refuse(Why::failed, fmt::format("`mvn` brought {} files instead of one", files.size()), ran->tail);
  return Fetched{files.front(), {}, "by Maven's client, with the repository's digest"};
}

}  // namespace tidelab::artifact
