// Between whoever prints and who reads it: what hosts, services and files say must not move a cursor, set a title, or hide a line.
#pragma once

#include <mutex>
#include <streambuf>
#include <string>
#include <string_view>

namespace tidelab::source {

/// In place of the buffer of std::cout or std::cerr. All that passes it is shown so that it moves nothing: control characters
/// (but line ends and tabs), those of C1 also in UTF-8, characters that turn the direction of writing, and bytes that are no
/// UTF-8 become `\x1b`, `\u009b`, which JSON reads as what they were, too. Sequences of ours (own_sequence()) become what they
/// are. Any number of threads may print at once.
class Screen final : public std::streambuf {
public:
  /// `to` must live longer. `terminal`: it is one.
  Screen(std::streambuf& to, bool terminal) : to_(to), terminal_(terminal) {}

  /// What somebody asked of others byte for byte: so it goes to a file or a pipe; a terminal shows it as all else. False when
  /// it cannot be written.
  bool pass(std::string_view bytes);
  /// Shows what was held back for its next byte, as nothing more will come.
  void finish();

protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

private:
  bool show(std::string_view text, bool last);
  bool put(std::string_view text);

  std::streambuf& to_;
  const bool terminal_;
  std::mutex mutex_;
  std::string held_;  // the beginning of a character, or of a sequence of ours
};

}  // namespace tidelab::source
