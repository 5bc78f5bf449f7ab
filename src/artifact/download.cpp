// libcurl's multi interface, because its easy one looks at the stop only once a second while nothing arrives. Redirects
// are followed here, so that each host on the way is looked up among the unreachable ones.
#include "artifact/download.hpp"

#include <curl/curl.h>
#include <algorithm>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

namespace tidelab::artifact {

namespace {

constexpr int most_redirects = 10;
constexpr long connect_seconds[] = {
    10, 20};                  // twice: the archive of Apache takes that long at times, and a host that is not there costs it once
constexpr long crawl = 1000;  // bytes a second: a day for 80 MB
constexpr std::size_t most_of_headers = 256 << 10;
constexpr std::size_t most_of_an_unwanted_body = 64 << 10;

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Easy = std::unique_ptr<CURL, FreeWith<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, FreeWith<curl_multi_cleanup>>;
using Url = std::unique_ptr<CURLU, FreeWith<curl_url_cleanup>>;
using List = std::unique_ptr<curl_slist, FreeWith<curl_slist_free_all>>;

struct Place {
  std::string host;
  std::string port;
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

std::optional<Place> place_of_url(const std::string& text) {
  const Url url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return std::nullopt;
  return Place{part_of(url.get(), CURLUPART_HOST), part_of(url.get(), CURLUPART_PORT)};
}

/// One hop: what curl's callbacks fill.
struct Hop {
  const Download& download;
  Easy easy{};
  Reply reply;
  std::size_t header_bytes = 0, unwanted_bytes = 0;
  bool begun = false;
  bool refused = false;  ///< `begin` or `write` did not want to go on

  bool is_redirect() const { return reply.status >= 300 && reply.status < 400 && !reply.header("location").empty(); }
  bool begin() {
    if (begun || is_redirect()) return true;
    begun = true;
    return !download.begin || download.begin(reply);
  }
};

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto& hop = *static_cast<Hop*>(user);
  if ((hop.header_bytes += size * count) > most_of_headers) return 0;
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // also after a 100 or a proxy's CONNECT
    hop.reply = {};
    curl_easy_getinfo(hop.easy.get(), CURLINFO_RESPONSE_CODE, &hop.reply.status);
  } else if (const auto colon = line.find(':'); colon != line.npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto from = line.find_first_not_of(" \t", colon + 1);
    hop.reply.headers[name] = from == line.npos ? std::string() : std::string(line.substr(from));
  }
  return size * count;
}

size_t on_body(char* data, size_t size, size_t count, void* user) {
  auto& hop = *static_cast<Hop*>(user);
  curl_easy_getinfo(hop.easy.get(), CURLINFO_RESPONSE_CODE, &hop.reply.status);
  const bool wanted = hop.reply.status >= 200 && hop.reply.status < 300;
  if (!wanted && (hop.unwanted_bytes += size * count) > most_of_an_unwanted_body) return 0;
  if (!hop.begin() || (wanted && !hop.download.write({data, size * count}))) {
    hop.refused = true;
    return 0;
  }
  return size * count;
}

/// The user's no_proxy, and loopback: a proxy's loopback is not ours.
std::string without_proxy() {
  const char* set = std::getenv("no_proxy");
  if (set == nullptr) set = std::getenv("NO_PROXY");
  const std::string user = set == nullptr ? "" : set;
  if (user == "*") return user;
  return user + (user.empty() ? "" : ",") + "localhost,127.0.0.1,127.0.0.0/8,::1";
}

void set_options(CURL* easy, const std::string& url, Hop& hop, curl_slist* headers, std::string& error, long connect_limit) {
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &hop);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &hop);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_limit);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, crawl);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(hop.download.stalled.count()));
  curl_easy_setopt(easy, CURLOPT_NOPROXY, without_proxy().c_str());
  // As OpenSSL's own programs: certificates of whoever looks into a company's traffic, say.
  if (const char* authorities = std::getenv("SSL_CERT_FILE"); authorities != nullptr && *authorities != '\0')
    curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "tidelab");
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // do not wait for a resolver thread that hangs
#endif
}

/// nullopt when the stop or the deadline ended it.
std::optional<CURLcode> drive(CURL* easy, const Control& control) {
  const Multi multi(curl_multi_init());
  if (!multi || curl_multi_add_handle(multi.get(), easy) != CURLM_OK) return CURLE_FAILED_INIT;
  std::optional<CURLcode> code;
  while (!code && !control.stopped() && !control.expired()) {
    int running = 0;
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) code = CURLE_FAILED_INIT;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left))
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    if (code) break;
    const auto length = std::min(std::chrono::milliseconds(100), control.left());
    curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(length.count()), nullptr);
  }
  curl_multi_remove_handle(multi.get(), easy);
  return code;
}

/// The key under which the host of a failed hop is remembered; empty when it was there.
std::string missing_key(CURL* easy, CURLcode code, const Place& place) {
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) return place.host;
  curl_off_t connected = 0;
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
  const bool no_connect = code == CURLE_COULDNT_CONNECT || (code == CURLE_OPERATION_TIMEDOUT && connected == 0);
  return no_connect ? place.host + ":" + place.port : std::string();
}

std::string cannot_be_reached(const Place& place) { return place.host + " cannot be reached"; }

struct Tried {
  CURLcode code = CURLE_OK;
  bool complete = false;
};

/// One connection and what came of it; `error` says why it is not complete.
Got<Tried> attempt(Hop& hop, const std::string& url, long connect_limit, const Control& control, std::string& error) {
  hop.easy.reset(curl_easy_init());
  if (!hop.easy) return refuse(Why::failed, "libcurl cannot be set up");
  List headers;
  for (const auto& [name, value] : hop.download.headers) headers.reset(curl_slist_append(headers.release(), (name + ": " + value).c_str()));
  hop.reply = {};
  hop.header_bytes = hop.unwanted_bytes = 0;
  error.assign(CURL_ERROR_SIZE, '\0');
  set_options(hop.easy.get(), url, hop, headers.get(), error, connect_limit);
  const auto code = drive(hop.easy.get(), control);
  if (!code) return end_search(ended(control, "downloading " + url));
  curl_easy_getinfo(hop.easy.get(), CURLINFO_RESPONSE_CODE, &hop.reply.status);
  if (*code == CURLE_OK || hop.unwanted_bytes > most_of_an_unwanted_body) return Tried{*code, true};  // what it says of an error is known
  error.resize(std::min(error.size(), error.find('\0')));
  if (error.empty()) error = curl_easy_strerror(*code);
  if (hop.header_bytes > most_of_headers) error = fmt::format("its headers are larger than {} KiB", most_of_headers >> 10);
  return Tried{*code, false};
}

/// One request and its answer, in `hop`.
Got<void> perform(Hop& hop, const std::string& url, const Control& control, Unreachable& unreachable) {
  const auto place = place_of_url(url);
  if (!place || place->host.empty()) return refuse(Why::failed, "not a URL: " + url);
  if (unreachable.has(place->host) || unreachable.has(place->host + ":" + place->port))
    return refuse(Why::unreachable, cannot_be_reached(*place));

  std::string error, key;
  for (const long limit : connect_seconds) {
    const auto done = attempt(hop, url, limit, control, error);
    if (!done) return tl::unexpected<Refusal>(done.error());
    if (done->complete) return {};
    key = missing_key(hop.easy.get(), done->code, *place);
    if (key.empty()) return refuse(Why::failed, fmt::format("{}: {}", url, error));
    if (done->code != CURLE_OPERATION_TIMEDOUT) break;
  }
  if (unreachable.add(key)) control.say(cannot_be_reached(*place) + ": using other sources");
  return refuse(Why::unreachable, cannot_be_reached(*place), error);
}

std::string next_url(const std::string& url, const std::string& location) {
  const Url next(curl_url());
  if (curl_url_set(next.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  if (curl_url_set(next.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK) return {};
  return part_of(next.get(), CURLUPART_URL);
}

}  // namespace

Got<Reply> get(const Download& download, const Control& control, Unreachable& unreachable) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return refuse(Why::failed, "libcurl cannot be set up");
  Hop hop{download, {}, {}};
  std::string url = download.url;
  for (int redirects = 0; redirects <= most_redirects; ++redirects) {
    if (auto done = perform(hop, url, control, unreachable); !done) return tl::unexpected<Refusal>(done.error());
    if (!hop.is_redirect()) {
      if (!hop.begin()) return refuse(Why::failed, url + ": the answer was not accepted");
      return hop.reply;
    }
    url = next_url(url, hop.reply.header("location"));
    if (url.empty()) return refuse(Why::failed, fmt::format("{} redirects to no URL: {}", download.url, hop.reply.header("location")));
  }
  return refuse(Why::failed, fmt::format("{} redirects more than {} times", download.url, most_redirects));
}

bool may_pass(const Got<Reply>& got) {
  constexpr long too_many_requests = 429, trouble_of_the_server = 500;
  if (!got) return got.error().failure.why == Why::failed && !got.error().final;
  return got->status == too_many_requests || got->status >= trouble_of_the_server;
}

Got<Document> get_document(const std::string& url, const std::map<std::string, std::string>& headers, std::size_t most,
                           const Control& control, Unreachable& unreachable) {
  Document document;
  Download download{url, headers, {}, {}};
  download.write = [&](std::string_view data) {
    document.text += data;
    document.too_large = document.text.size() > most;
    return !document.too_large;
  };
  auto got = get(download, control, unreachable);
  if (!document.too_large && may_pass(got) && step::pause(control, before_second_try)) {
    document.text.clear();
    got = get(download, control, unreachable);
  }
  if (!got && !document.too_large) return tl::unexpected<Refusal>(got.error());
  if (got) document.status = got->status;
  return document;
}

}  // namespace tidelab::artifact
