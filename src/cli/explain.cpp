// `tidelab explain [CODE]`. A page begins `# CODE: what it means`; what follows is the story, ending before the examples,
// which are under `## Wrong` and `## Right`. tests/explain runs them all.
#include "cli/explain.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "cli/load.hpp"
#include "source/cells.hpp"
#include "source/paint.hpp"

namespace tidelab::cli {

namespace fs = std::filesystem;

namespace {

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of('\n');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of('\n') - first + 1);
}

report::Explained read_page(const std::string& code, const std::string& markdown) {
  report::Explained out;
  out.markdown = markdown;
  const auto head = "# " + code + ": ";
  const auto end = markdown.find('\n');
  if (!markdown.starts_with(head) || end == std::string::npos) return out;
  out.title = markdown.substr(head.size(), end - head.size());
  out.text = trimmed(markdown.substr(end, markdown.find("\n## ") - end));
  return out;
}

// Markdown reads well as it is, but for the fences: code is indented in their place.
void print_page(const std::string& markdown, bool colour) {
  bool code = false;
  std::string_view rest = markdown;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with("```")) {
      code = !code;
      // Behind the language stands the name of the file, where it is not the topology.
      const auto name = line.find(' ');
      if (code && name != std::string_view::npos) std::cout << fmt::format("    # {}\n", line.substr(name + 1));
      continue;
    }
    const auto hashes = code ? 0 : std::min(line.find_first_not_of('#'), line.size());
    if (hashes > 0) line.remove_prefix(std::min(hashes + 1, line.size()));
    const bool dressed = hashes > 0 && colour;
    std::cout << (code && !line.empty() ? "    " : "") << (dressed ? source::painted(line, "1") : std::string(line)) << "\n";
  }
}

}  // namespace

std::map<std::string, report::Explained> read_pages(const std::string& home) {
  std::map<std::string, report::Explained> out;
  std::error_code error;
  for (fs::directory_iterator at(fs::path(home) / "docs" / "explain", error), end; !error && at != end; at.increment(error)) {
    const auto code = at->path().stem().string();
    if (at->path().extension() != ".md") continue;
    auto page = read_page(code, read_file(at->path().string()).value_or(""));
    if (!page.title.empty()) out[code] = std::move(page);
  }
  return out;
}

int explain(const Options& options) {
  const auto home = find_home(options);
  if (home.empty()) return exit_bad_file;
  const auto pages = read_pages(home);
  if (pages.empty()) {
    std::cerr << fmt::format("tidelab: there are no pages below {}/docs/explain; is the installation whole?\n", home);
    return exit_bad_file;
  }
  if (options.target.empty()) {
    char letter = pages.begin()->first.front();
    for (const auto& [code, page] : pages) {
      if (code.front() != letter) std::cout << "\n";
      letter = code.front();
      std::cout << fmt::format("{}  {}\n", code, page.title);
    }
    std::cout << "\n`tidelab explain CODE` tells more, with an example\n";
    return exit_true;
  }
  auto code = options.target;
  std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto found = pages.find(code);
  if (found == pages.end()) {
    std::cerr << fmt::format("tidelab: there is no diagnostic `{}`; `tidelab explain` lists them\n", source::printable(options.target, 60));
    return exit_usage;
  }
  print_page(found->second.markdown, options.colour);
  return exit_true;
}

}  // namespace tidelab::cli
