// libcurl, one multi handle and one easy handle a thread: the multi handle keeps the connections, and its poll
// returns in short slices. (curl_easy_perform calls its progress callback only once a second while nothing moves,
// which is too late for a stop.)
#include "client/http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "client/aside.hpp"

namespace tidelab::client {

using step::fail;
using step::Why;

namespace {

constexpr std::size_t most_body = 16u << 20, most_headers = 256u << 10;
constexpr int slice_ms = 100;

struct FreeHeaders {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeHeaders>;

class Curl {
public:
  Curl() : multi_(curl_multi_init()), easy_(curl_easy_init()) {}
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  ~Curl() {
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
  }
  bool good() const { return multi_ != nullptr && easy_ != nullptr; }
  CURLM* multi() const { return multi_; }
  CURL* easy() const { return easy_; }

private:
  CURLM* multi_;
  CURL* easy_;
};

Curl& curl_of_this_thread() {
  static const auto once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
  thread_local Curl curl;
  return curl;
}

struct Body {
  std::string text;
  std::size_t headers = 0;  ///< bytes of them
  bool too_big = false;
};

std::size_t keep(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<Body*>(to);
  if (body.text.size() + size > most_body) {
    body.too_big = true;
    return 0;
  }
  body.text.append(data, size);
  return size;
}

// libcurl keeps them all.
std::size_t count_header(char*, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<Body*>(to);
  body.headers += size;
  return body.headers > most_headers ? 0 : size;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void append(Headers& list, const std::string& line) {
  if (auto* longer = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

Headers make_headers(const HttpRequest& request) {
  Headers list;
  bool typed = false;
  for (const auto& [name, value] : request.headers) {
    typed = typed || lower(name) == "content-type";
    append(list, value.empty() ? name + ";" : name + ": " + value);  // curl drops a header that ends with its colon
  }
  // Without this, curl calls every body a web form, an empty one too.
  if (!typed) append(list, request.body.empty() ? "Content-Type:" : "Content-Type: application/json");
  append(list, "Expect:");  // a body over 1 MB would wait a second for a "100 Continue" that few servers send
  return list;
}

// One option of each setopt that fails would be a bug of ours, not an answer of the world: hence no checks.
void describe(CURL* easy, const HttpRequest& request, curl_slist* headers, Body& body, char* complaint) {
  curl_easy_reset(easy);  // keeps connections
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // do not wait for a name lookup that nobody wants any more
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "tidelab");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 24L * 3600 * 1000);  // Control is the clock
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, complaint);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &body);
  const bool carries = !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (carries) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// The easy handle is out of the multi handle again however this ends.
class Joined {
public:
  explicit Joined(Curl& curl) : curl_(curl) { curl_multi_add_handle(curl.multi(), curl.easy()); }
  ~Joined() { curl_multi_remove_handle(curl_.multi(), curl_.easy()); }
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;

private:
  Curl& curl_;
};

Result<CURLcode> carry_out(Curl& curl, const Control& control, const std::string& doing) {
  const Joined joined(curl);
  const std::stop_callback wake(control.stop, [&curl] { curl_multi_wakeup(curl.multi()); });
  for (;;) {
    if (control.stopped() || control.expired()) return ended(control, doing);
    int running = 0;
    if (const auto code = curl_multi_perform(curl.multi(), &running); code != CURLM_OK) return fail(Why::failed, curl_multi_strerror(code));
    int left = 0;
    while (const auto* message = curl_multi_info_read(curl.multi(), &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    const auto patience = std::min<long>(slice_ms, static_cast<long>(control.left().count()) + 1);
    curl_multi_poll(curl.multi(), nullptr, 0, static_cast<int>(patience), nullptr);
  }
}

Why why_of(CURLcode code, long os_error) {
  const bool no_way = os_error == EHOSTUNREACH || os_error == ENETUNREACH;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return Why::unreachable;
    case CURLE_COULDNT_CONNECT: return no_way ? Why::unreachable : os_error == ETIMEDOUT ? Why::timed_out : Why::refused;
    case CURLE_OPERATION_TIMEDOUT: return Why::timed_out;
    case CURLE_URL_MALFORMAT:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT: return Why::failed;
    default: return Why::refused;  // reset, closed early, not HTTP, TLS: its port is there, its answer is not
  }
}

bool is_sane(const HttpRequest& request) {
  const auto has_line_end = [](const std::string& text) { return text.find_first_of("\r\n") != std::string::npos; };
  for (const auto& [name, value] : request.headers) {
    if (has_line_end(name) || has_line_end(value)) return false;
  }
  const auto scheme = lower(request.url.substr(0, 8));
  return !has_line_end(request.method) && (scheme.rfind("http://", 0) == 0 || scheme == "https://");
}

}  // namespace

Result<HttpAnswer> http(const HttpRequest& request, const Control& control) {
  const auto doing = request.method + " " + request.url;
  if (!is_sane(request)) return fail(Why::failed, doing + " is not a request over http");
  auto& curl = curl_of_this_thread();
  if (!curl.good()) return fail(Why::failed, "libcurl does not start");
  const auto headers = make_headers(request);
  Body body;
  char complaint[CURL_ERROR_SIZE] = "";
  describe(curl.easy(), request, headers.get(), body, complaint);

  const auto code = carry_out(curl, control, doing);
  long status = 0, os_error = 0;
  curl_easy_getinfo(curl.easy(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(curl.easy(), CURLINFO_OS_ERRNO, &os_error);
  curl_easy_reset(curl.easy());  // it must not keep pointers to what ends here
  if (!code) return tl::unexpected(code.error());
  if (body.too_big) return fail(Why::refused, fmt::format("{}: the answer is larger than {} MiB", doing, most_body >> 20));
  if (body.headers > most_headers)
    return fail(Why::refused, fmt::format("{}: the headers of the answer are larger than {} KiB", doing, most_headers >> 10));
  if (*code != CURLE_OK) {
    return fail(why_of(*code, os_error), fmt::format("{}: {}", doing, *complaint != 0 ? complaint : curl_easy_strerror(*code)), body.text);
  }
  return HttpAnswer{static_cast<int>(status), std::move(body.text)};
}

}  // namespace tidelab::client
