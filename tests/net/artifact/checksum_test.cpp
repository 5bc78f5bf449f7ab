// The ways in which digests are published.

#include "artifact/sources.hpp"
#include "lab.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::artifact;

namespace {
const std::string a256(64, 'a');
const std::string b512(128, 'b');
std::string hex_of(const std::optional<Checksum>& found) { return found ? found->text() : "none"; }
}  // namespace

TEST_CASE("digests of known content") {
  CHECK(sha256_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const tests::Lab lab;
  const auto path = lab.write("x", "abc");
  CHECK(digest_file(path, "sha256", {}).value() == sha256_text("abc"));
  CHECK(digest_file(path, "sha512", {}).value().substr(0, 16) == "ddaf35a193617aba");
  CHECK(digest_file(path, "md5", {}).error().what == "no such digest: md5");
  CHECK_FALSE(digest_file(lab.root + "/none", "sha256", {}));
}

TEST_CASE("a checksum of a source") {
  CHECK(hex_of(read_checksum("sha256:" + a256)) == "sha256:" + a256);
  CHECK(hex_of(read_checksum(" " + std::string(128, 'B') + "\n")) == "sha512:" + b512);
  CHECK(hex_of(read_checksum("sha512:" + a256)) == "none");
  CHECK(hex_of(read_checksum("md5:abc")) == "none");
}

TEST_CASE("published checksum files") {
  CHECK(hex_of(read_checksum_file(a256 + "\n", "k.tgz")) == "sha256:" + a256);
  CHECK(hex_of(read_checksum_file(b512 + "  k.tgz\r\n", "k.tgz")) == "sha512:" + b512);
  CHECK(hex_of(read_checksum_file(b512 + " *./dist/k.tgz\n", "k.tgz")) == "sha512:" + b512);
  CHECK(hex_of(read_checksum_file("SHA512 (k.tgz) = " + b512 + "\n", "k.tgz")) == "sha512:" + b512);
  CHECK(hex_of(read_checksum_file("<html>not found</html>\n", "k.tgz")) == "none");
  CHECK(hex_of(read_checksum_file("", "k.tgz")) == "none");
}

TEST_CASE("gpg prints a digest in groups over several lines") {
  std::string text = "k.tgz: ";
  for (int i = 0; i < 32; ++i) text += (i % 8 == 7) ? "BBBB\n       " : (i % 4 == 3 ? "BBBB  " : "BBBB ");
  CHECK(hex_of(read_checksum_file(text + "\n", "k.tgz")) == "sha512:" + b512);
  CHECK(hex_of(read_checksum_file("k.tgz:\n" + text.substr(7), "k.tgz")) == "sha512:" + b512);
  const std::string all = "k.tgz:    MD5 = AA BB\nk.tgz: SHA256 = " + a256.substr(0, 32) + "\n      " + a256.substr(32) + "\n";
  CHECK(hex_of(read_checksum_file(all, "k.tgz")) == "sha256:" + a256);
}

TEST_CASE("of several files the named one counts, and none is guessed") {
  const std::string list = std::string(64, 'c') + "  other.tgz\n" + a256 + "  k.tgz\n";
  CHECK(hex_of(read_checksum_file(list, "k.tgz")) == "sha256:" + a256);
  CHECK(hex_of(read_checksum_file(list, "z.tgz")) == "none");
}
