// `tidelab graph`: hosts, what runs on them, and the way of the data, as DOT or as the SVG that Graphviz makes of it.
#include <chrono>
#include <iostream>

#include <fmt/format.h>

#include "cli/session.hpp"
#include "guide/picture.hpp"
#include "host/host.hpp"

namespace tidelab::cli {

int graph(const Options& options) {
  const auto loaded = load_either(options, options.target);
  if (!loaded) return exit_bad_file;
  const auto dot = guide::render_dot(guide::make_picture(loaded->topology, loaded->diagnostics));
  if (!told_no_errors(*loaded, options)) return exit_bad_file;
  if (options.format == "dot") {
    std::cout << dot;
    return exit_true;
  }
  host::Command command;
  command.argv = {"dot", "-Tsvg"};
  command.input.text = dot;
  const auto drawn = host::make_local()->run(command, {step::Clock::now() + std::chrono::minutes(5), options.stop, {}});
  if (options.stop.stop_requested()) return exit_interrupted;
  if (!drawn || drawn->code == 127) {
    std::cerr << "tidelab: `dot` of Graphviz draws the picture, and it is not there\n"
                 "help: install it (apt-get install graphviz), or take `--format dot` elsewhere\n";
    return exit_unknown;
  }
  if (drawn->code != 0) {
    std::cerr << fmt::format("tidelab: `dot` ended with {}:\n{}", drawn->code, drawn->err);
    return exit_unknown;
  }
  std::cout << drawn->out;
  return exit_true;
}

}  // namespace tidelab::cli
