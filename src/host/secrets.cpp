#include "host/secrets.hpp"

namespace tidelab::host {
namespace {

class None final : public Secrets {
public:
  std::string find(const Lock&) override { return {}; }
  tl::expected<void, std::string> ask(const Lock&, const std::string&) override { return tl::unexpected(std::string()); }
};

}  // namespace

Secrets& no_secrets() {
  static None none;
  return none;
}

bool grant(Secrets& secrets, const std::vector<Wish>& wishes, step::Failure& failure) {
  std::string reasons;
  for (const auto& wish : wishes) {
    const auto granted = secrets.ask(wish.lock, wish.refused);
    if (granted) return true;
    if (!granted.error().empty()) reasons += "; " + granted.error();
  }
  failure.what += reasons;
  return false;
}

}  // namespace tidelab::host
