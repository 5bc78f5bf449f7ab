// A small HTTP/1.1 server on loopback for tests: a handler answers, and the answer may come late, in part, or not at all.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidelab::tests {

struct Request {
  std::string method;
  std::string path;                            ///< as sent, with its query
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& lower_name) const {
    const auto found = headers.find(lower_name);
    return found == headers.end() ? std::string() : found->second;
  }
};

struct Response {
  static constexpr std::size_t whole = std::numeric_limits<std::size_t>::max();

  int status = 200;
  std::string body{};
  std::map<std::string, std::string> headers{};  ///< Content-Length is added unless it is here
  std::chrono::milliseconds delay{0};            ///< before the first byte; cut short when the server is destroyed
  std::size_t cut_after = whole;                 ///< bytes of the body that are sent before the connection is closed
  std::size_t a_second = 0;                      ///< so many bytes of the body in each second; 0: as fast as can be
  bool close_without_answer = false;             ///< not even a status line
};

/// Listens on 127.0.0.1 at a free port from construction to destruction; every connection has a thread of its own,
/// so `handler` must be thread-safe. Connections are kept alive.
class HttpServer {
public:
  using Handler = std::function<Response(const Request&)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& path = "/") const;
  int connections() const { return connections_; }  ///< accepted so far
  std::vector<Request> requests() const;            ///< received so far, in order

private:
  void accept_all();
  void serve(int peer);
  bool answer(int peer, const Request& request);
  bool send_slowly(int peer, const std::string& body, std::size_t a_second);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Request> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// The answer of a server that knows Range: 206 with Content-Range for `bytes=N-` and `bytes=N-M`,
/// 416 when it starts behind the end, else 200 with everything.
Response serve_range(const Request& request, const std::string& content);

}  // namespace tidelab::tests
