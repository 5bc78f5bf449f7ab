// SHA-256, SHA-512 and, where nothing better is published, SHA-1 by OpenSSL's EVP: of a text, of a file, and of what comes piece by piece.
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "artifact/sources.hpp"

namespace tidelab::artifact {

struct Digest::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  const EVP_MD* method = nullptr;
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(evp); }
};

Digest::Digest(const std::string& algorithm) : context_(std::make_unique<Context>()) {
  context_->method = algorithm == "sha512" ? EVP_sha512() : algorithm == "sha1" ? EVP_sha1() : EVP_sha256();
  EVP_DigestInit_ex(context_->evp, context_->method, nullptr);
}
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

void Digest::update(std::string_view data) { EVP_DigestUpdate(context_->evp, data.data(), data.size()); }

std::string Digest::finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_DigestFinal_ex(context_->evp, bytes, &length);
  EVP_DigestInit_ex(context_->evp, context_->method, nullptr);
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", bytes[i]);
  return hex;
}

Result<std::string> digest_file(const std::string& path, const std::string& algorithm, const Control& control) {
  if (algorithm != "sha256" && algorithm != "sha512") return step::fail(Why::failed, fmt::format("no such digest: {}", algorithm));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tl::unexpected<Failure>(os_failure("cannot read " + path, errno));
  const std::unique_ptr<const int, void (*)(const int*)> closer(&fd, [](const int* open) { ::close(*open); });
  Digest digest(algorithm);
  std::vector<char> buffer(1 << 20);
  for (;;) {
    if (control.stopped() || control.expired()) return tl::unexpected<Failure>(ended(control, "reading " + path));
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected<Failure>(os_failure("cannot read " + path, errno));
    if (got == 0) return digest.finish();
    digest.update({buffer.data(), static_cast<size_t>(got)});
  }
}

std::string sha256_text(std::string_view text) {
  Digest digest("sha256");
  digest.update(text);
  return digest.finish();
}

}  // namespace tidelab::artifact
