// The remote command line and its marks: see the header for why.
#include "host/remote_shell.hpp"

#include <charconv>
#include <fstream>
#include <random>

#include <fmt/format.h>

#include "host/quote.hpp"

namespace tidelab::host {
namespace {

// "./x" neither names an option, nor means the previous directory, nor is looked up in CDPATH.
std::string path_for_cd(const std::string& cwd) { return cwd.starts_with('/') ? cwd : "./" + cwd; }

// How many last bytes of `text` may be the start of the mark.
std::size_t partial_mark(std::string_view text, std::string_view mark) {
  for (auto size = std::min(text.size(), mark.size() - 1); size > 0; --size)
    if (text.substr(text.size() - size) == mark.substr(0, size)) return size;
  return 0;
}

}  // namespace

Result<void> check_runnable(const Command& command, const Control& control, const std::string& host) {
  const auto words = quote_argv(command.argv);
  if (control.stopped())
    return step::fail(step::Why::interrupted, fmt::format("`{}` was not started on {} because of the stop", words, host));
  if (control.expired()) return step::fail(step::Why::timed_out, fmt::format("no time was left to start `{}` on {}", words, host));
  for (const auto& [variable, value] : command.env)
    if (!is_variable_name(variable))
      return step::fail(step::Why::failed, fmt::format("'{}' is not a name that a shell can export", variable));
  if (!command.input.file.empty() && !std::ifstream(command.input.file))
    return step::fail(step::Why::failed, fmt::format("cannot read {}", command.input.file));
  return {};
}

std::string make_mark() {
  std::random_device random;
  return fmt::format("tidelab-{:08x}{:08x}", random(), random());
}

bool is_variable_name(std::string_view name) {
  static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  static constexpr std::string_view others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !name.empty() && letters.find(name.front()) != std::string_view::npos && name.find_first_not_of(others) == std::string_view::npos;
}

std::string render_surroundings(const Command& command) {
  std::string text;
  if (!command.cwd.empty()) text += fmt::format("cd {} || exit {}; ", quote(path_for_cd(command.cwd)), kNoDirectory);
  for (const auto& [name, value] : command.env) text += fmt::format("export {}={}; ", name, quote(value));
  return text;
}

std::string render_remote(const Command& command, const std::string& mark) {
  auto inner = render_surroundings(command);
  // Old shells do not know `exec --`, so it is used only where nothing else works.
  inner += command.argv.front().starts_with('-') ? "exec -- " : "exec ";
  inner += quote_argv(command.argv);
  return fmt::format("m() {{ printf '%s%s%d\\n' {0} \"$@\"; printf '%s%s%d\\n' {0} \"$@\" >&2; }}; m : $$; ( {1} ); m '=' $?", mark, inner);
}

std::string render_for_any_shell(const std::string& line) {
  static constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/.";
  std::string word;
  for (const char c : line) {
    if (plain.find(c) != std::string_view::npos)
      word += c;
    else
      word += fmt::format("@0{:03o}", static_cast<unsigned char>(c));
  }
  return fmt::format("exec sh -c 'eval \"$(printf %b \"$(printf %s \"$0\" | tr @ \"\\134\")\")\"' {}", word);
}

tl::unexpected<step::Failure> make_no_shell(int code, std::string said) {
  return tl::unexpected<step::Failure>(
      {step::Why::unreachable,
       fmt::format("the login shell ended with code {} before the command began", code),
       std::move(said),
       {},
       {},
       "the account must be one that may log in, with a shell that can run `exec sh -c …` (getent passwd USER)"});
}

std::vector<std::string> make_group_kill(long pid) {
  // `-s TERM`, because dash takes what follows `-TERM --` for a job. Zombies do not count as alive: in a
  // container whose first process reaps nobody, `kill -0` would find them in the group for ever.
  static constexpr const char* script =
      "alive() { kill -s 0 -- -$1 2>/dev/null && grep -qs \"^[0-9]* (.*) [^ZX] [0-9]* $1 \" /proc/[0-9]*/stat; }; "
      "kill -s TERM -- -$1 2>/dev/null || exit 0; n=0; "
      "while alive $1; do n=$((n+1)); "
      "[ $n -eq 40 ] && kill -s KILL -- -$1 2>/dev/null; [ $n -ge 60 ] && exit 1; sleep 0.05; done; exit 0";
  return {"sh", "-c", script, "sh", std::to_string(pid)};
}

Command make_ender(const Command& ended, long pid) {
  const Command ender{make_group_kill(pid), {}, {}, {}, {}};
  return ended.as_i_run ? ended.as_i_run(ender) : ender;
}

void MarkedStream::emit(std::string& clean, std::string_view bytes) {
  if (code_) return;  // someone whom the command left behind still writes
  if (begun())
    clean += bytes;
  else
    noise_ += bytes;
}

std::string MarkedStream::feed(std::string_view bytes) {
  std::string clean;
  held_ += bytes;
  for (;;) {
    const auto at = held_.find(mark_);
    if (at == std::string::npos) break;
    const auto end = held_.find('\n', at);
    if (end == std::string::npos) {  // the rest of the mark is still under way
      emit(clean, std::string_view(held_).substr(0, at));
      held_.erase(0, at);
      return clean;
    }
    emit(clean, std::string_view(held_).substr(0, at));
    const char kind = held_[at + mark_.size()];
    long number = 0;
    std::from_chars(held_.data() + at + mark_.size() + 1, held_.data() + end, number);
    if (kind == ':' && !begun()) pid_ = number;
    if (kind == '=' && !code_) code_ = static_cast<int>(number);
    held_.erase(0, end + 1);
  }
  const auto keep = partial_mark(held_, mark_);
  emit(clean, std::string_view(held_).substr(0, held_.size() - keep));
  held_.erase(0, held_.size() - keep);
  return clean;
}

std::string MarkedStream::take_rest() {
  std::string clean;
  emit(clean, held_);
  held_.clear();
  return clean;
}

}  // namespace tidelab::host
