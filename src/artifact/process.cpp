// The whole group is ended, because a script's children (mvn, go, pip) are what runs long.
#include "artifact/process.hpp"

#include <cstring>
#include <deque>

#include <fmt/format.h>

#include "artifact/sources.hpp"
#include "process/run.hpp"

namespace tidelab::artifact {

namespace {

constexpr size_t kept_lines = 20;
constexpr size_t longest_line = 500;
constexpr size_t longest_out = 1 << 20;
constexpr process::Ending ending{std::chrono::milliseconds(500), true};

/// Lines of stderr: told as they come, and the last ones kept. A carriage return ends a line too, as
/// progress bars are drawn with it.
class Lines {
public:
  explicit Lines(const Command& command) : command_(command) {}
  void add(std::string_view text) {
    for (const char c : text) {
      if (c == '\n' || c == '\r') {
        flush();
      } else if (line_.size() < longest_line) {
        line_ += c;
      }
    }
  }
  void flush() {
    if (line_.empty()) return;
    if (command_.on_line) command_.on_line(line_);
    kept_.push_back(std::move(line_));
    line_.clear();
    if (kept_.size() > kept_lines) kept_.pop_front();
  }
  std::string tail() const {
    std::string text;
    for (const auto& line : kept_) text += (text.empty() ? "" : "\n") + line;
    return text;
  }

private:
  const Command& command_;
  std::string line_;
  std::deque<std::string> kept_;
};

}  // namespace

Result<Ended> run(const Command& command, const Control& control) {
  Ended result;
  Lines lines(command);
  process::Ears ears;
  ears.out = [&](std::string_view text) { result.out += text.substr(0, longest_out - result.out.size()); };
  ears.err = [&](std::string_view text) { lines.add(text); };
  if (command.merged) ears.out = std::exchange(ears.err, {});
  process::Program program{command.argv};
  program.env = command.env;
  program.cwd = command.cwd;
  const auto ran = process::run(std::move(program), {}, control, ears, ending);
  if (!ran) return tl::unexpected(ran.error());
  if (ran->problem)
    return step::fail(Why::unreachable, fmt::format("cannot start {}: {}", command.argv.front(), std::strerror(ran->problem->error)));
  lines.flush();
  if (ran->by) {
    auto why = ended(control, "running " + command.argv.front());
    why.evidence = lines.tail();
    return tl::unexpected<Failure>(why);
  }
  result.code = ran->code;
  result.tail = lines.tail();
  return result;
}

}  // namespace tidelab::artifact
