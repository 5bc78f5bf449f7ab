#include "artifact/manifest.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "artifact/artifact.hpp"

namespace tidelab::artifact {

using nlohmann::json;

namespace {

tl::unexpected<std::string> not_so(std::string why) { return tl::unexpected<std::string>(std::move(why)); }

/// Where a string of JSON that begins at `from` ends: behind its closing quote.
std::size_t end_of_string(const std::string& text, std::size_t from) {
  for (auto at = from + 1; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

std::size_t skip_blanks(const std::string& text, std::size_t from) {
  return std::min(text.find_first_not_of(" \t\r\n", from), text.size());
}

/// Where the value that begins at `from` ends.
std::size_t end_of_value(const std::string& text, std::size_t from) {
  int depth = 0;
  for (auto at = from; at < text.size();) {
    if (text[at] == '"') {
      at = end_of_string(text, at);
    } else {
      if (depth == 0 && (text[at] == ',' || text[at] == '}')) return at;
      if (text[at] == '{' || text[at] == '[') ++depth;
      if (text[at] == '}' || text[at] == ']') --depth;
      ++at;
    }
    if (depth == 0 && (text[at - 1] == '"' || text[at - 1] == '}' || text[at - 1] == ']')) return at;
  }
  return text.size();
}

/// The bytes of each member of the object that `text` is. To be called with valid JSON only; nullopt when a name comes twice.
std::optional<std::map<std::string, std::string>> members_of(const std::string& text) {
  std::map<std::string, std::string> members;
  auto at = skip_blanks(text, 0) + 1;
  for (at = skip_blanks(text, at); at < text.size() && text[at] == '"'; at = skip_blanks(text, at)) {
    const auto end = end_of_string(text, at);
    const auto name = json::parse(text.substr(at, end - at)).get<std::string>();
    const auto value = skip_blanks(text, skip_blanks(text, end) + 1);
    const auto behind = end_of_value(text, value);
    if (!members.emplace(name, text.substr(value, behind - value)).second) return std::nullopt;
    at = skip_blanks(text, behind);
    if (at < text.size() && text[at] == ',') at = skip_blanks(text, at + 1);
  }
  return members;
}

struct FreeOfOpenSsl {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::string from_base64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  const auto padding = std::count(text.end() - std::min<std::ptrdiff_t>(2, std::ssize(text)), text.end(), '=');
  bytes.resize(static_cast<std::size_t>(size - padding));
  return bytes;
}

bool is_signature_of(const std::string& bytes, const std::string& base64, const std::string& pem) {
  const std::unique_ptr<BIO, FreeOfOpenSsl> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, FreeOfOpenSsl> key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  const std::unique_ptr<EVP_MD_CTX, FreeOfOpenSsl> context(EVP_MD_CTX_new());
  const auto signature = from_base64(base64);
  EVP_PKEY_CTX* parameters = nullptr;
  return key && context && EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA && !signature.empty() &&
         EVP_DigestVerifyInit(context.get(), &parameters, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_AUTO) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha256()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
}

std::string short_id(const std::string& id) { return id.substr(0, 12); }

}  // namespace

const json& object_at(const json& parent, const std::string& name) {
  static const json none = json::object();
  const auto found = parent.is_object() ? parent.find(name) : parent.end();
  return found != parent.end() && found->is_object() ? *found : none;
}

std::string text_at(const json& parent, const std::string& name) {
  const auto found = parent.is_object() ? parent.find(name) : parent.end();
  return found != parent.end() && found->is_string() ? found->get<std::string>() : std::string();
}

long long count_at(const json& parent, const std::string& name) {
  const auto found = parent.is_object() ? parent.find(name) : parent.end();
  return found != parent.end() && found->is_number_unsigned() && found->get<unsigned long long>() <= (1ULL << 53) ? found->get<long long>()
                                                                                                                  : -1;
}

Read<std::time_t> read_time(const std::string& text) {
  std::tm parts{};
  int used = 0, hours = 0, minutes = 0;
  char sign = '+';
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min,
                  &parts.tm_sec, &used) != 6)
    return not_so(fmt::format("`{}` is no time", text));
  auto zone = text.substr(static_cast<std::size_t>(used));
  if (zone.starts_with('.')) zone.erase(0, std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  if (zone != "Z" && std::sscanf(zone.c_str(), "%c%2d:%2d", &sign, &hours, &minutes) != 3)
    return not_so(fmt::format("`{}` is no time", text));
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const std::time_t shift = (hours * 60 + minutes) * 60;
  return ::timegm(&parts) - (sign == '-' ? -shift : shift);
}

std::string render_time(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts)};
}

Read<Manifest> read_manifest(std::string text, const std::string& type) {
  if (!json::accept(text)) return not_so("it is no JSON");
  const auto members = text[skip_blanks(text, 0)] == '{' ? members_of(text) : std::nullopt;
  if (!members || members->count("signed") == 0 || members->count("signatures") == 0) return not_so("it is no signed document");
  Manifest out;
  out.signed_bytes = members->at("signed");
  out.body = json::parse(out.signed_bytes);
  const auto signatures = json::parse(members->at("signatures"));
  if (!out.body.is_object() || !signatures.is_array()) return not_so("it is no signed document");
  for (const auto& each : signatures) out.signatures.push_back({text_at(each, "keyid"), text_at(each, "sig")});
  out.text = std::move(text);
  out.type = text_at(out.body, "_type");
  if (out.type != type) return not_so(fmt::format("it is a document of the type `{}`, not `{}`", out.type, type));
  out.version = count_at(out.body, "version");
  if (out.version < 0) return not_so("it has no version");
  const auto expires = read_time(text_at(out.body, "expires"));
  if (!expires) return not_so("its `expires` is wrong: " + expires.error());
  out.expires = *expires;
  return out;
}

Read<Role> read_role(const json& role) {
  Role out;
  const auto threshold = count_at(role, "threshold");
  if (threshold < 1) return not_so("a role in it has no threshold");
  out.threshold = static_cast<std::size_t>(threshold);
  for (const auto& [id, key] : object_at(role, "keys").items()) {
    const auto pem = text_at(object_at(key, "keyval"), "public");
    const json named = {{"keytype", text_at(key, "keytype")}, {"scheme", text_at(key, "scheme")}, {"keyval", {{"public", pem}}}};
    if (text_at(key, "keytype") != "rsa" || text_at(key, "scheme") != "rsassa-pss-sha256")
      return not_so(fmt::format("its key {} is of another kind than RSA-PSS with SHA-256", short_id(id)));
    const auto canonical = named.dump(-1, ' ', false, json::error_handler_t::replace);
    if (sha256_text(canonical) != id) return not_so(fmt::format("its key {} has another id than its own", short_id(id)));
    out.keys.emplace(id, pem);
  }
  if (out.keys.size() < out.threshold) return not_so(fmt::format("a role in it has {} keys and needs {}", out.keys.size(), out.threshold));
  return out;
}

Read<void> check_signatures(const Manifest& manifest, const Role& role) {
  std::set<std::string> good;
  for (const auto& each : manifest.signatures) {
    const auto key = role.keys.find(each.key_id);
    if (key == role.keys.end()) continue;
    if (good.count(each.key_id) != 0) return not_so(fmt::format("it has two signatures of the key {}", short_id(each.key_id)));
    if (!is_signature_of(manifest.signed_bytes, each.base64, key->second))
      return not_so(fmt::format("its signature by the key {} is wrong", short_id(each.key_id)));
    good.insert(each.key_id);
  }
  if (good.size() >= role.threshold) return {};
  std::string known;
  for (const auto& [id, pem] : role.keys) known += (known.empty() ? "" : ", ") + short_id(id);
  return not_so(fmt::format("it has {} of the {} signatures that it needs (by {})", good.size(), role.threshold, known));
}

}  // namespace tidelab::artifact
