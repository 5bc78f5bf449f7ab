// The stable words of events.
#include "run/event.hpp"

namespace tidelab::run {

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::held: return "held";
    case Outcome::made: return "made";
    case Outcome::failed: return "failed";
    case Outcome::blocked: return "blocked";
    case Outcome::interrupted: return "interrupted";
  }
  return "failed";
}

}  // namespace tidelab::run
