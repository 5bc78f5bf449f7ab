// OpenSSH's configuration: see the header.
#include "host/ssh_config.hpp"

#include <glob.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>

#include <fmt/format.h>

#include "disk/read_text.hpp"
#include "disk/way.hpp"
#include "host/host.hpp"
#include "host/known_hosts.hpp"

namespace tidelab::host {
namespace {

using step::Why;
using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

constexpr std::size_t most_of_a_configuration = 4 << 20;

// OpenSSH takes the home directory from the account, not from $HOME.
std::string account_home() {
  const auto* entry = ::getpwuid(::geteuid());
  return entry ? entry->pw_dir : "";
}

std::string account_name() {
  const auto* entry = ::getpwuid(::geteuid());
  return entry ? entry->pw_name : "root";
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

Values read_lines(std::string_view text) {
  Values values;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    const auto space = line.find(' ');
    if (space != std::string::npos) values[line.substr(0, space)].push_back(line.substr(space + 1));
  }
  return values;
}

std::string expand(std::string path) {
  if (path.starts_with("~/")) return account_home() + path.substr(1);
  if (!path.starts_with('$')) return path;
  auto name = path.substr(1);
  if (name.starts_with('{') && name.ends_with('}')) name = name.substr(1, name.size() - 2);
  const char* value = std::getenv(name.c_str());
  return value ? value : "";
}

// What a configuration may say without changing anything for us.
bool is_beside_the_point(const std::string& keyword) {
  static constexpr std::array<std::string_view, 24> all{"host",
                                                        "sendenv",
                                                        "setenv",
                                                        "hashknownhosts",
                                                        "gssapiauthentication",
                                                        "gssapidelegatecredentials",
                                                        "forwardagent",
                                                        "forwardx11",
                                                        "forwardx11trusted",
                                                        "controlmaster",
                                                        "controlpath",
                                                        "controlpersist",
                                                        "loglevel",
                                                        "compression",
                                                        "visualhostkey",
                                                        "tcpkeepalive",
                                                        "requesttty",
                                                        "addkeystoagent",
                                                        "updatehostkeys",
                                                        "serveraliveinterval",
                                                        "serveralivecountmax",
                                                        "ignoreunknown",
                                                        "escapechar",
                                                        "stricthostkeychecking"};
  return std::find(all.begin(), all.end(), keyword) != all.end();
}

tl::unexpected<step::Failure> unusable(const disk::Trouble& trouble) {
  return tl::unexpected(step::Failure{Why::unreachable,
                                      fmt::format("OpenSSH's configuration cannot be used: {}", trouble.what),
                                      {},
                                      {},
                                      {},
                                      trouble.help.empty() ? "correct that, or use `--ssh-config none` to do without one" : trouble.help});
}

Result<bool> file_may_matter(const std::string& path, const std::string& base, int depth);

Result<bool> include_may_matter(const std::string& pattern, const std::string& base, int depth) {
  const auto full = pattern.starts_with('/') ? pattern : pattern.starts_with('~') ? expand(pattern) : base + "/" + pattern;
  glob_t found{};
  Result<bool> matters = false;
  if (::glob(full.c_str(), 0, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc && matters && !*matters; ++i) matters = file_may_matter(found.gl_pathv[i], base, depth + 1);
  ::globfree(&found);
  return matters;
}

Result<bool> line_may_matter(std::string line, const std::string& base, int depth) {
  std::replace(line.begin(), line.end(), '=', ' ');
  const auto words = words_of(line);
  if (words.empty() || words[0].starts_with('#')) return false;
  const auto keyword = lower(words[0]);
  if (keyword != "include") return !is_beside_the_point(keyword);
  Result<bool> matters = false;
  for (std::size_t i = 1; i < words.size() && matters && !*matters; ++i) matters = include_may_matter(words[i], base, depth);
  return matters;
}

Result<bool> file_may_matter(const std::string& path, const std::string& base, int depth) {
  if (depth > 16) return true;
  const auto text = disk::read_text(path, most_of_a_configuration);
  // What may not be read is for the client to complain about.
  if (!text && (text.error().kind == disk::Kind::missing || text.error().kind == disk::Kind::closed)) return false;
  if (!text) return unusable(text.error());
  std::istringstream lines(*text);
  Result<bool> matters = false;
  for (std::string line; matters && !*matters && std::getline(lines, line);) matters = line_may_matter(line, base, depth);
  return matters;
}

std::vector<std::string> make_question(const SshTarget& target, const std::string& file) {
  std::vector<std::string> argv{"ssh", "-G"};
  if (!file.empty()) argv.insert(argv.end(), {"-F", file});
  if (!target.user.empty()) argv.insert(argv.end(), {"-l", target.user});
  if (target.port != 0) argv.insert(argv.end(), {"-p", std::to_string(target.port)});
  argv.insert(argv.end(), {"--", target.address});
  return argv;
}

// %h, %p, %r, %n and %% as ssh_config(5) has them. False when there is another one.
bool expand_tokens(std::string& command, const SshTarget& target) {
  std::string out;
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (command[i] != '%') {
      out += command[i];
      continue;
    }
    switch (i + 1 < command.size() ? command[++i] : '\0') {
      case '%': out += '%'; break;
      case 'h': out += target.config.hostname; break;
      case 'p': out += std::to_string(target.port); break;
      case 'r': out += target.user; break;
      case 'n': out += target.address; break;
      default: return false;
    }
  }
  command = out;
  return true;
}

bool has_aes(std::string_view cpuinfo) {
  std::istringstream in{std::string(cpuinfo)};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    const auto words = words_of(line);
    return std::find(words.begin(), words.end(), "aes") != words.end();
  }
  return false;
}

}  // namespace

// The same for every host.
std::string ask_ssh_defaults(const Control& control) {
  static std::mutex mutex;
  static std::string known;
  const std::lock_guard lock(mutex);
  if (known.empty())
    if (const auto said = make_local()->run({{"ssh", "-G", "-F", "none", "--", "localhost"}, {}, {}, {}, {}}, control);
        said && said->code == 0)
      known = said->out;
  return known;
}

std::string ciphers_for(std::string_view cpuinfo, std::string_view defaults) {
  if (!has_aes(cpuinfo)) return {};
  auto values = read_lines(defaults);
  if (values["ciphers"].empty()) return {};
  std::vector<std::string> names;
  std::istringstream in(values["ciphers"].front());
  for (std::string name; std::getline(in, name, ',');) names.push_back(name);
  std::stable_partition(names.begin(), names.end(), [](const std::string& name) { return name.find("-gcm@") != std::string::npos; });
  const auto ordered = fmt::format("{}", fmt::join(names, ","));
  return ordered == values["ciphers"].front() ? std::string() : ordered;
}

Result<bool> ssh_config_may_matter(const std::string& file) {
  if (file == "none") return false;
  const auto home = account_home() + "/.ssh";
  if (file.empty()) {
    auto matters = file_may_matter(home + "/config", home, 0);
    return matters && !*matters ? file_may_matter("/etc/ssh/ssh_config", "/etc/ssh", 0) : matters;
  }
  const auto ours = disk::check_own_file(file);
  if (!ours && ours.error().kind == disk::Kind::missing) return false;
  if (!ours) return unusable(ours.error());
  return file_may_matter(file, home, 0);
}

SshConfig read_ssh_config(std::string_view text, std::string_view defaults) {
  auto values = read_lines(text);
  auto usual = read_lines(defaults);
  const auto said = [&](const char* key) { return values[key].empty() ? std::string() : values[key].front(); };
  const auto set = [&](const char* key) { return values[key] == usual[key] ? std::string() : said(key); };
  SshConfig config;
  config.hostname = said("hostname");
  config.user = said("user");
  const auto port = said("port");
  std::from_chars(port.data(), port.data() + port.size(), config.port);
  if (values["identityfile"] != usual["identityfile"])
    for (const auto& each : values["identityfile"]) config.identities.push_back(expand(each));
  config.identities_only = said("identitiesonly") == "yes";
  if (!set("userknownhostsfile").empty() || !set("globalknownhostsfile").empty())
    for (const char* key : {"userknownhostsfile", "globalknownhostsfile"})
      for (const auto& each : words_of(said(key)))
        if (each != "none") config.known_hosts.push_back(expand(each));
  config.host_key_alias = set("hostkeyalias");
  config.agent = set("identityagent");
  if (config.agent == "SSH_AUTH_SOCK") config.agent.clear();
  if (config.agent != "none") config.agent = expand(config.agent);
  config.proxy_command = set("proxycommand") == "none" ? "" : set("proxycommand");
  config.proxy_jump = set("proxyjump") == "none" ? "" : set("proxyjump");
  config.address_family = set("addressfamily");
  config.ciphers = set("ciphers");
  config.macs = set("macs");
  config.kex = set("kexalgorithms");
  config.host_key_algorithms = set("hostkeyalgorithms");
  int seconds = 0;
  const auto time = set("connecttimeout");
  std::from_chars(time.data(), time.data() + time.size(), seconds);
  config.connect_within = std::chrono::seconds(seconds);
  static constexpr std::array<std::array<const char*, 2>, 9> beyond{{{"bindaddress", "BindAddress"},
                                                                     {"bindinterface", "BindInterface"},
                                                                     {"certificatefile", "CertificateFile"},
                                                                     {"hostbasedauthentication", "HostbasedAuthentication"},
                                                                     {"knownhostscommand", "KnownHostsCommand"},
                                                                     {"pkcs11provider", "PKCS11Provider"},
                                                                     {"proxyusefdpass", "ProxyUseFdpass"},
                                                                     {"revokedhostkeys", "RevokedHostKeys"},
                                                                     {"verifyhostkeydns", "VerifyHostKeyDNS"}}};
  for (const auto& [key, name] : beyond)
    if (!set(key).empty()) config.beyond.emplace_back(name);
  return config;
}

Result<SshTarget> resolve(SshTarget target, const Control& control) {
  const auto settle = [](SshTarget& t) {
    if (t.config.hostname.empty()) t.config.hostname = t.address;
    if (t.port == 0) t.port = t.config.port != 0 ? t.config.port : 22;
    if (t.user.empty()) t.user = t.config.user.empty() ? account_name() : t.config.user;
  };
  const auto matters = ssh_config_may_matter(target.config_file);
  if (!matters) return tl::unexpected(matters.error());
  if (*matters) {
    const auto local = make_local();
    const auto said = local->run({make_question(target, target.config_file), {}, {}, {}, {}}, control);
    if (!said) return tl::unexpected(said.error());
    if (said->code != 0 && said->code != 127) {  // 127: OpenSSH's client is not installed, so there is no configuration
      return tl::unexpected(step::Failure{Why::unreachable,
                                          fmt::format("OpenSSH's configuration for {} cannot be read", target.address),
                                          said->err,
                                          {},
                                          {},
                                          "correct the file, or use `--ssh-config none` to do without one"});
    }
    if (said->code == 0) target.config = read_ssh_config(said->out, ask_ssh_defaults(control));
  }
  // OpenSSH's client would read it itself, whatever it is and however long.
  if (!target.known_hosts.empty())
    if (const auto known = read_known_file(target.known_hosts, {}); !known) return tl::unexpected(known.error());
  settle(target);
  auto& config = target.config;
  if (config.connect_within.count() > 0) target.connect_within = config.connect_within;
  if (!config.proxy_command.empty() && !expand_tokens(config.proxy_command, target))
    config.beyond.emplace_back("ProxyCommand (with this token)");
  return target;
}

}  // namespace tidelab::host
