// Private to the room: one GET over libcurl that can be stopped at any moment and knows which hosts are not there.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "artifact/sources.hpp"

namespace tidelab::artifact {

struct Reply {
  long status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case

  std::string header(const std::string& lower_name) const {
    const auto found = headers.find(lower_name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// `begin` is called once, for the answer that is no redirect, before its body; `write` only for 2xx. Either may
/// give false to end the transfer, and then knows why itself.
struct Download {
  std::string url;
  std::map<std::string, std::string> headers;  ///< in addition to curl's own; to each host on the way, so no secrets
  std::function<bool(const Reply&)> begin;
  std::function<bool(std::string_view)> write;
  std::chrono::seconds stalled{30};  ///< so long may it stand still, or crawl
};

/// The last answer, of whatever status, when it is complete; of one that is not 2xx only the beginning is waited for. A peer
/// that sends less than a crawl for so long as `stalled` says, or headers without end, ends the transfer. `unreachable` for a host that did
/// not resolve or connect (said once through `control`), `failed` for a broken transfer.
Got<Reply> get(const Download& download, const Control& control, Unreachable& unreachable);

/// A small document as it came, or the beginning of one that is larger than it may be.
struct Document {
  long status = 0;
  std::string text;
  bool too_large = false;
};

/// `most`: bytes. What breaks off, and a server that asks for patience (429, 5xx), is asked once more.
Got<Document> get_document(const std::string& url, const std::map<std::string, std::string>& headers, std::size_t most,
                           const Control& control, Unreachable& unreachable);

/// A second try after a moment is worth it: it was on its way, or the server asks for patience.
bool may_pass(const Got<Reply>& got);
inline constexpr auto before_second_try = std::chrono::seconds(1);

}  // namespace tidelab::artifact
