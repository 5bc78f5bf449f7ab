// Events as lines for a person who watches.
#pragma once

#include <map>
#include <string>

#include "plan/plan.hpp"
#include "run/event.hpp"

namespace tidelab::cli {

class Progress {
public:
  Progress(const plan::Plan& plan, bool verbose, bool colour) : plan_(plan), verbose_(verbose), colour_(colour) {}
  void operator()(const run::Event& event);

private:
  void ended(const run::Event& event, const run::Ended& ended);
  std::string who(const plan::Step& step) const;
  void line(std::chrono::microseconds at, const char* mark, const std::string& text) const;

  const plan::Plan& plan_;
  bool verbose_;
  bool colour_;
  std::map<int, std::chrono::microseconds> started_;
};

}  // namespace tidelab::cli
