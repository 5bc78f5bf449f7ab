// `tidelab template`: a commented topology to start from, with the hosts of whoever asks.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "cli/load.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == ',')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

int refuse_wish(const std::string& what) {
  std::cerr << fmt::format("tidelab: {}\n", what);
  return exit_usage;
}

}  // namespace

std::vector<guide::Template> load_templates(Loaded& loaded) {
  std::vector<guide::Template> out;
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator at(loaded.home / "topologies" / "templates", error), end; !error && at != end; at.increment(error))
    paths.push_back(at->path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    auto text = path.extension() == ".yaml" ? read_file(path.string()) : std::nullopt;
    if (!text) continue;
    const auto& file = loaded.files.add(path.lexically_relative(loaded.home).string(), std::move(*text));
    out.push_back(guide::read_template(file, loaded.diagnostics));
  }
  return out;
}

int print_template(const Options& options) {
  auto loaded = load_library(options);
  if (!loaded) return exit_bad_file;
  const auto all = load_templates(*loaded);
  if (!told_no_errors(*loaded, options)) return exit_bad_file;
  if (options.target.empty()) {
    for (const auto& each : all) std::cout << fmt::format("{:<20} {}\n", each.name, each.title);
    return exit_true;
  }
  const auto chosen = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == options.target; });
  if (chosen == all.end()) {
    std::vector<std::string> names;
    for (const auto& each : all) names.push_back(each.name);
    const auto near = source::did_you_mean(options.target, names);
    return refuse_wish(fmt::format("there is no template `{}`; {}", options.target,
                                   near.empty() ? std::string("`tidelab template` lists them") : fmt::format("did you mean `{}`?", near)));
  }
  guide::Wishes wishes{options.hosts, {}, options.user, options.dir};
  for (const auto& each : options.role_hosts) {
    const auto equals = each.find('=');
    if (equals == std::string::npos)
      return refuse_wish(fmt::format("`{}`: write --host ROLE=ADDRESS, for example --host {}=10.0.0.1", each, chosen->roles.front().first));
    auto& addresses = wishes.roles[each.substr(0, equals)];
    for (auto& address : split(each.substr(equals + 1))) addresses.push_back(std::move(address));
  }
  if (const auto wrong = guide::faults(*chosen, wishes); !wrong.empty()) {
    for (const auto& each : wrong) refuse_wish(each);
    return exit_usage;
  }
  const auto text = guide::fill(*chosen, wishes, loaded->diagnostics);
  if (!told_no_errors(*loaded, options)) return exit_bad_file;
  std::cout << text;
  return exit_true;
}

}  // namespace tidelab::cli
