// A mirror of TiUP, made and signed by a test, which can then be made wrong in any way. One from the real TiUP is in
// tests/net/artifact/golden_mirror.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "artifact/artifact.hpp"

namespace tidelab::tests {

using nlohmann::json;

/// An RSA key of 2048 bits, and its id as TiUP has it.
class SigningKey {
public:
  SigningKey() : key_(EVP_RSA_gen(2048), EVP_PKEY_free) {}
  json described() const { return {{"keytype", "rsa"}, {"scheme", "rsassa-pss-sha256"}, {"keyval", {{"public", pem()}}}}; }
  std::string id() const { return artifact::sha256_text(described().dump()); }

  /// With the longest salt, as TiUP.
  std::string sign(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* parameters = nullptr;
    EVP_DigestSignInit(context.get(), &parameters, EVP_sha256(), nullptr, key_.get());
    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_MAX);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::vector<unsigned char> signature(size);
    EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size());
    std::vector<unsigned char> base64(size * 4 / 3 + 5);
    const int length = EVP_EncodeBlock(base64.data(), signature.data(), static_cast<int>(size));
    return {reinterpret_cast<char*>(base64.data()), static_cast<std::size_t>(length)};
  }

private:
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
  std::shared_ptr<EVP_PKEY> key_;
};

/// What is in it may be changed before `write`, and its files after it.
struct TiupMirror {
  std::vector<SigningKey> root_keys{2}, timestamp_keys{1}, snapshot_keys{1}, index_keys{1}, owner_keys{1};
  std::size_t root_threshold = 2;
  int root_version = 1, timestamp_version = 1, index_version = 1, component_version = 1;
  std::map<std::string, std::time_t> expires;                                                 ///< by type; else in an hour
  std::map<std::string, std::map<std::string, std::map<std::string, std::string>>> releases;  ///< component, platform, version → content
  std::map<std::string, std::string> files;                                                   ///< "/root.json" → text

  static std::string time_text(std::time_t time) {
    char text[32];
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
  }
  static std::string signed_by(const std::vector<SigningKey>& keys, const json& body) {
    json out = {{"signatures", json::array()}, {"signed", body}};
    for (const auto& key : keys) out["signatures"].push_back({{"keyid", key.id()}, {"sig", key.sign(body.dump())}});
    return out.dump();
  }
  json started(const std::string& type, int version) const {
    const auto known = expires.find(type);
    const auto when = known == expires.end() ? std::time(nullptr) + 3600 : known->second;
    return {{"_type", type}, {"spec_version", "0.1.0"}, {"version", version}, {"expires", time_text(when)}};
  }
  static json role(const std::vector<SigningKey>& keys, std::size_t threshold = 1) {
    json out = {{"threshold", threshold}, {"keys", json::object()}};
    for (const auto& key : keys) out["keys"][key.id()] = key.described();
    return out;
  }
  /// `also`: the keys of the root before this one.
  void write_root(const std::vector<SigningKey>& also = {}) {
    auto body = started("root", root_version);
    body["roles"] = {{"root", role(root_keys, root_threshold)},
                     {"timestamp", role(timestamp_keys)},
                     {"snapshot", role(snapshot_keys)},
                     {"index", role(index_keys)}};
    auto keys = root_keys;
    keys.insert(keys.end(), also.begin(), also.end());
    files["/root.json"] = files["/" + std::to_string(root_version) + ".root.json"] = signed_by(keys, body);
  }
  json about(const std::string& component) {
    auto body = started("component", component_version);
    body["id"] = component;
    for (const auto& [platform, versions] : releases[component])
      for (const auto& [version, content] : versions) {
        auto words = platform;
        words[words.find('/')] = '-';
        const auto url = "/" + component + "-" + version + "-" + words + ".tar.gz";
        files[url] = content;
        body["platforms"][platform][version] = {
            {"url", url}, {"length", content.size()}, {"hashes", {{"sha256", artifact::sha256_text(content)}}}, {"yanked", false}};
      }
    return body;
  }
  void write_snapshot() {
    auto snapshot = started("snapshot", 0);
    const auto list = [&](const std::string& name, int version) {
      const auto file = "/" + std::to_string(version) + "." + name.substr(1);
      snapshot["meta"][name] = {{"version", version}, {"length", files[file].size()}};
    };
    list("/root.json", root_version);
    list("/index.json", index_version);
    for (const auto& [component, ignored] : releases) list("/" + component + ".json", component_version);
    files["/snapshot.json"] = signed_by(snapshot_keys, snapshot);
    auto timestamp = started("timestamp", timestamp_version);
    timestamp["meta"]["/snapshot.json"] = {{"length", files["/snapshot.json"].size()},
                                           {"hashes", {{"sha256", artifact::sha256_text(files["/snapshot.json"])}}}};
    files["/timestamp.json"] = signed_by(timestamp_keys, timestamp);
  }
  void write_index() {
    auto index = started("index", index_version);
    index["owners"]["lab"] = role(owner_keys);
    for (const auto& [component, ignored] : releases)
      index["components"][component] = {{"owner", "lab"}, {"url", "/" + component + ".json"}, {"yanked", false}};
    files["/" + std::to_string(index_version) + ".index.json"] = signed_by(index_keys, index);
  }
  void write() {
    write_root();
    write_index();
    for (const auto& [component, ignored] : releases)
      files["/" + std::to_string(component_version) + "." + component + ".json"] = signed_by(owner_keys, about(component));
    write_snapshot();
  }
};

}  // namespace tidelab::tests
