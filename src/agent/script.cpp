#include "agent/script.hpp"

#include <map>

#include <fmt/format.h>

#include "agent/parts.hpp"
#include "agent/scripts.hpp"
#include "host/quote.hpp"

namespace tidelab::agent {
namespace {

constexpr std::string_view first_of_all = "begin", texts = "as_account/", programs = "programs/";

// Functions that root's shell has, too, and a text of the same name to give to another shell.
std::string as_text(const Script& script) {
  const auto name = script.name.substr(texts.size());
  return fmt::format("{}={}\neval \"${}\"\n", name, host::quote(fmt::format("\n{}", script.text)), name);
}

}  // namespace

std::string functions() {
  std::string out, rest;
  for (const auto& each : scripts()) {
    if (each.name.starts_with(programs)) continue;
    (each.name == first_of_all ? out : rest) += each.name.starts_with(texts) ? as_text(each) : std::string(each.text);
  }
  return out + rest;
}

const std::string& program(std::string_view name) {
  static const auto all = [] {
    std::map<std::string_view, std::string> out;
    for (const auto& each : scripts())
      if (each.name.starts_with(programs)) out.emplace(each.name.substr(programs.size()), without_remarks(each.text));
    return out;
  }();
  return all.at(name);
}

// S: state directory of the lab on the host; O: where an earlier release had it. U: account that things belong to, or empty for our own.
std::string script(const At& at, const std::string& calls) {
  static const Parts parts(functions());
  // Where we come as the account itself, nothing else says whether its records, and what lies beside them, are still what we left.
  // What is gone is trusted: another address of this machine may just have taken it away.
  const std::string first =
      at.user.empty()
          ? "[ ! -d \"$S\" ] || trusted \"$S/x\" || { [ ! -e \"$S\" ] && [ ! -L \"$S\" ]; } || { not_our_way \"$S/x\"; exit 77; }\n"
          : std::string();
  const auto body = first + calls;
  return fmt::format("{{\n{}\nS={}; O={}; U={}; M={}\n{}{}\n}}\n", whole_path, host::quote(at.state_dir), host::quote(at.earlier_state_dir),
                     host::quote(at.user), at.of_user ? "user" : "system", parts.needed_by(body), body);
}

}  // namespace tidelab::agent
