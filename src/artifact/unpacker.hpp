// A tar archive that somebody sends who may send anything, taken apart as it comes.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "artifact/allowance.hpp"
#include "step/thread.hpp"

namespace tidelab::artifact {

struct UnpackLimits {
  long long bytes_a_file = 0;  ///< a larger one is left out; its holes count
  long files = 0;              ///< and directories; with one more, nothing else is taken
};

struct Unpacked {
  std::vector<std::string> left_out;  ///< a line for each entry, with why; no more than a hundred, and how many more
  std::string problem;                ///< why the rest was not taken; empty: it came to its end
};

/// Makes regular files and directories below a folder, of mode 0600 and 0700, and nothing else: links, devices, fifos, and what
/// would lead out of the folder are left out. Absolute names count from the folder. The folder must be the caller's alone.
class Unpacker {
public:
  Unpacker(std::filesystem::path folder, UnpackLimits limits, Allowance& allowance, std::stop_token stop);
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  /// The next bytes; waits while earlier ones are worked on. False: no more are wanted.
  bool feed(std::string_view bytes);
  /// All were fed.
  Unpacked finish();

  /// For the reader: the next bytes, empty at their end or on the stop. What it had before is gone.
  std::string_view next();

private:
  void work();
  void end(std::string problem);

  const std::filesystem::path folder_;
  const UnpackLimits limits_;
  Allowance& allowance_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string waiting_, taken_;  // bytes; the second are the reader's
  bool fed_all_ = false, ended_ = false;
  std::size_t behind_ = 0;  // bytes that came behind its end
  Unpacked made_;
  std::stop_token stop_;
  step::Thread thread_;  // last: it uses all above
};

}  // namespace tidelab::artifact
