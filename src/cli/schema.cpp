// `tidelab schema`: what may be written in a topology, for editors and for people.
#include <iostream>

#include "cli/load.hpp"
#include "guide/vocabulary.hpp"

namespace tidelab::cli {

int schema(const Options& options) {
  auto loaded = load_library(options);
  if (!loaded || !told_no_errors(*loaded, options)) return exit_bad_file;
  const auto vocabulary = guide::make_vocabulary(loaded->library);
  std::cout << (options.format == "markdown" ? guide::render_page(vocabulary) : guide::render_schema(vocabulary));
  return exit_true;
}

}  // namespace tidelab::cli
