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

/// What stands behind a mark: ':' or '=', digits, a line end. Nothing else is one, whoever printed it.
struct Behind {
  enum class Kind { none, not_yet, pid, code } kind = Kind::none;
  long number = 0;
  std::size_t size = 0;
};

Behind read_behind(std::string_view text) {
  constexpr std::size_t most_digits = 10;
  if (text.empty()) return {Behind::Kind::not_yet};
  if (text.front() != ':' && text.front() != '=') return {};
  const auto digits = std::min(text.find_first_not_of("0123456789", 1), text.size()) - 1;
  if (digits > most_digits) return {};
  if (digits + 1 == text.size()) return {Behind::Kind::not_yet};
  if (digits == 0 || text[digits + 1] != '\n') return {};
  Behind out{text.front() == ':' ? Behind::Kind::pid : Behind::Kind::code, 0, digits + 2};
  std::from_chars(text.data() + 1, text.data() + 1 + digits, out.number);
  return out;
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
  if (!command.cwd.empty()) text += fmt::format("cd {} || exit {}; ", quote(path_for_cd(command.cwd)), process::no_directory);
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

tl::unexpected<step::Failure> make_flood(std::string said) {
  step::Failure failure{step::Why::unreachable, {}, std::move(said), {}, {}, {}};
  failure.evidence.resize(std::min<std::size_t>(failure.evidence.size(), 2000));
  failure.what = fmt::format("the login shell printed more than {} MiB before the command began", kMostNoise >> 20);
  failure.help = "what the account's shell reads when it starts (~/.bashrc, /etc/profile) must print little, and come to an end";
  return tl::unexpected(std::move(failure));
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
  Command ender{make_group_kill(pid), {}, {}, {}, [](std::string_view) {}};
  ender.on_err = ender.on_out;
  return ended.as_i_run ? ended.as_i_run(ender) : ender;
}

void MarkedStream::emit(std::string& clean, std::string_view bytes) {
  if (code_) return;  // someone whom the command left behind still writes
  if (begun()) {
    clean += bytes;
    return;
  }
  noise_so_far_ += bytes.size();
  noise_ += bytes.substr(0, kNoiseKept - noise_.size());
}

std::string MarkedStream::feed(std::string_view bytes) {
  std::string clean;
  held_ += bytes;
  for (auto at = held_.find(mark_); at != std::string::npos; at = held_.find(mark_)) {
    const auto behind = read_behind(std::string_view(held_).substr(at + mark_.size()));
    if (behind.kind == Behind::Kind::not_yet) {  // the rest of the mark is still under way
      emit(clean, std::string_view(held_).substr(0, at));
      held_.erase(0, at);
      return clean;
    }
    const bool own = behind.kind != Behind::Kind::none;
    emit(clean, std::string_view(held_).substr(0, own ? at : at + mark_.size()));
    if (behind.kind == Behind::Kind::pid && !begun()) pid_ = behind.number;
    if (behind.kind == Behind::Kind::code && !code_) code_ = static_cast<int>(behind.number);
    held_.erase(0, at + mark_.size() + behind.size);
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
