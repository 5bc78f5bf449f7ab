#include "gather/masking.hpp"

#include <array>
#include <fstream>
#include <optional>

#include <fmt/format.h>

#include "plan/mask.hpp"
#include "report/layout.hpp"

namespace tidelab::gather {

namespace fs = std::filesystem;

using namespace std::string_view_literals;

namespace {

enum class Compressed { no, by_gzip, otherwise };

// What files begin with that bzip2, xz, zstd, lz4 and zip have made.
constexpr std::array others = {"BZh"sv, "\xfd\x37zXZ"sv, "\x28\xb5\x2f\xfd"sv, "\x04\x22\x4d\x18"sv, "PK\x03\x04"sv};

Compressed compression_of(const fs::path& path) {
  std::string first(8, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(first.data(), static_cast<std::streamsize>(first.size()));
  first.resize(static_cast<std::size_t>(in.gcount()));
  if (first.starts_with("\x1f\x8b")) return Compressed::by_gzip;
  for (const auto each : others)
    if (first.starts_with(each)) return Compressed::otherwise;
  return Compressed::no;
}

class Masking {
public:
  Masking(fs::path aside, const std::vector<std::string>& secrets, const std::stop_token& stop)
      : masked_(aside.string() + ".masked"), unpacked_(aside.string() + ".unpacked"), secrets_(secrets), stop_(stop) {}

  /// Why the file has to be left out; nothing: it is masked.
  std::optional<std::string> mask(const fs::path& path, artifact::Allowance& share) {
    std::error_code error;
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, fs::perm_options::add, error);
    const auto kind = compression_of(path);
    if (kind == Compressed::otherwise) return "it is compressed, so that secrets in it could not be looked for";
    if (kind == Compressed::no) return mask_into(path, path);
    if (auto why = unpack(path, share)) return why;
    auto plain = path;
    plain.replace_extension();
    const bool free = path.extension() == ".gz" && !fs::exists(plain, error) && !error;
    if (auto why = mask_into(unpacked_, free ? plain : path)) return why;
    if (free && !fs::remove(path, error)) return could_not_;
    return {};
  }

private:
  std::optional<std::string> mask_into(const fs::path& from, const fs::path& to) {
    {
      std::ifstream in(from, std::ios::binary);
      std::ofstream out(masked_, std::ios::binary | std::ios::trunc);
      if (!in || !out || !plan::mask_stream(in, out, secrets_, stop_)) return could_not_;
    }
    std::error_code error;
    fs::rename(masked_, to, error);
    if (error) return could_not_;
    return {};
  }

  // What is left out after all leaves its room to others.
  std::optional<std::string> unpack(const fs::path& path, artifact::Allowance& share) {
    long long taken = 0;
    auto why = unpack(path, share, taken);
    if (!why && compression_of(unpacked_) != Compressed::no) why = "it is compressed twice, so that secrets in it could not be looked for";
    if (why) share.give_back(taken);
    return why;
  }

  std::optional<std::string> unpack(const fs::path& path, artifact::Allowance& share, long long& taken) {
    std::ofstream out(unpacked_, std::ios::binary | std::ios::trunc);
    step::Enough enough({step::Clock::now() + std::chrono::minutes(10), stop_, {}});
    bool within = true;
    host::Command command{{"gzip", "-dc"}, {}, {}, {{}, path.string()}, {}};
    command.on_out = [&](std::string_view text) {
      taken += static_cast<long long>(text.size());
      within = within && share.take(static_cast<long long>(text.size())) && taken <= most_mib_unpacked << 20;
      if (!within) return enough.now();
      out << text;
    };
    const auto ended = host::make_local()->run(command, enough.control());
    out.close();
    if (!share.refusal().empty()) return "unpacked, with all that came from there, " + share.refusal();
    if (!within) return fmt::format("unpacked it is larger than {} MiB", most_mib_unpacked);
    if (!ended || ended->code != 0 || !out) return "it could not be unpacked, so that secrets in it could not be looked for";
    return {};
  }

  const std::string could_not_ = "secrets in it could not be masked";
  const fs::path masked_, unpacked_;
  const std::vector<std::string>& secrets_;
  const std::stop_token& stop_;
};

}  // namespace

bool mask_all(const fs::path& top, const fs::path& aside, const std::vector<std::string>& secrets, Shares& shares, Gathered& all,
              const std::stop_token& stop) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(top, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file(error)) files.push_back(at->path());
  if (error) return false;
  Masking masking(aside, secrets, stop);
  artifact::Allowance ours(top, most_mib_unpacked << 20);  // of what this machine knows itself
  for (const auto& each : files) {
    if (stop.stop_requested()) return false;
    const auto share = shares.find(each.lexically_relative(top).begin()->string());
    const auto why = masking.mask(each, share == shares.end() ? ours : share->second);
    if (stop.stop_requested()) return false;
    if (!why) continue;
    if (!fs::remove(each, error)) return false;
    all.told += fmt::format("left out, since {}: {}\n", *why, report::one_line(each.lexically_relative(top).string()));
    all.whole = false;
  }
  return true;
}

}  // namespace tidelab::gather
