// What is kept of a command's words: see the header.
#include "host/keeper.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "host/quote.hpp"

namespace tidelab::host {
namespace {

using step::Why;

constexpr std::size_t kShown = 1000;  // bytes of the beginning, and of the end, of what was too much

std::string size_text(std::size_t bytes) { return bytes >= 1 << 20 ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} bytes", bytes); }

}  // namespace

Keeper::Keeper(const Command& command, const Control& control) : command_(command), enough_(control) {
  listen(command_.on_out, out_);
  listen(command_.on_err, err_);
}

void Keeper::listen(std::function<void(std::string_view)>& listener, Stream& stream) {
  if (!listener) listener = [this, &stream](std::string_view bytes) { keep(stream, bytes); };
}

void Keeper::keep(Stream& stream, std::string_view bytes) {
  stream.said += bytes.size();
  if (stream.said <= command_.most_kept) {
    stream.kept += bytes;
    return;
  }
  if (!std::exchange(stream.full, true)) {
    auto all = std::exchange(stream.kept, {});
    all += bytes.substr(0, kShown);
    stream.kept = all.substr(0, kShown);
    enough_.now();
  }
  stream.last += bytes.substr(bytes.size() - std::min(bytes.size(), kShown));
  stream.last.erase(0, stream.last.size() - std::min(stream.last.size(), kShown));
}

tl::unexpected<step::Failure> Keeper::too_much(const Stream& stream, const std::string& on) const {
  step::Failure failure;
  failure.what = fmt::format("`{}` said more than {} on {} on {}, and was ended ({} had come)", short_argv(command_.argv),
                             size_text(command_.most_kept), stream.name, on, size_text(stream.said));
  failure.evidence = stream.kept + "\n[…]\n" + stream.last;
  failure.help = "it seems to print without end: see what runs there under that name, and what the host's shell reads when it starts";
  failure.lasting = true;
  return tl::unexpected(std::move(failure));
}

Result<Output> Keeper::settle(Result<Output> ended, const std::string& on) {
  for (const auto* stream : {&out_, &err_})
    if (stream->full) return too_much(*stream, on);
  if (!ended) {
    auto& failure = ended.error();
    if (failure.evidence.empty()) failure.evidence = last_words(err_.kept);
    return ended;
  }
  if (!out_.kept.empty()) ended->out = std::move(out_.kept);
  if (!err_.kept.empty()) ended->err = std::move(err_.kept);
  return ended;
}

Result<Output> Host::run(const Command& command, const Control& control) try {
  if (command.on_out && command.on_err) return carry_out(command, control);
  Keeper keeper(command, control);
  return keeper.settle(carry_out(keeper.command(), keeper.control()), name());
} catch (const std::exception& error) {
  return step::fail(Why::failed, fmt::format("`{}` could not be followed on {}: {}", short_argv(command.argv), name(), error.what()));
}

}  // namespace tidelab::host
