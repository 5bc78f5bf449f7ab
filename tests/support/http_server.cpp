// Blocking sockets with short polls, so that destruction never hangs on a peer that says nothing.
#include "support/http_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "support/loopback.hpp"

namespace tidelab::tests {

namespace {

// False when the server ends first.
bool wait_readable(int socket, const std::atomic<bool>& ending) {
  while (!ending) {
    pollfd one{socket, POLLIN, 0};
    if (poll(&one, 1, 20) > 0) return true;
  }
  return false;
}

bool send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const auto sent = send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string trim(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? std::string() : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Request read_head(const std::string& head) {
  Request request;
  std::size_t at = head.find("\r\n");
  const auto first = head.substr(0, at);
  request.method = first.substr(0, first.find(' '));
  const auto path = first.find(' ') + 1;
  request.path = first.substr(path, first.find(' ', path) - path);
  while (at != std::string::npos && at + 2 < head.size()) {
    const auto end = std::min(head.find("\r\n", at + 2), head.size());
    const auto line = head.substr(at + 2, end - at - 2);
    at = end;
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    auto name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = trim(line.substr(colon + 1));
  }
  return request;
}

// `buffer` keeps what came behind this request.
std::optional<Request> read_request(int peer, std::string& buffer, const std::atomic<bool>& ending) {
  std::optional<Request> request;
  std::size_t length = 0;
  for (;;) {
    const auto end = request ? std::string::npos : buffer.find("\r\n\r\n");
    if (end != std::string::npos) {
      request = read_head(buffer.substr(0, end));
      buffer.erase(0, end + 4);
      length = std::strtoul(request->header("content-length").c_str(), nullptr, 10);
      // curl holds a large body back until it hears this.
      if (request->header("expect") == "100-continue") send_all(peer, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (request && buffer.size() >= length) {
      request->body = buffer.substr(0, length);
      buffer.erase(0, length);
      return request;
    }
    if (!wait_readable(peer, ending)) return std::nullopt;
    char piece[16384];
    const auto got = recv(peer, piece, sizeof piece, 0);
    if (got <= 0) return std::nullopt;
    buffer.append(piece, static_cast<std::size_t>(got));
  }
}

}  // namespace

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  const auto made = listen_on_loopback();
  listener_ = made.fd;
  port_ = made.port;
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  acceptor_.join();  // after this, nobody adds to threads_
  for (auto& thread : threads_) thread.join();
  close(listener_);
}

std::string HttpServer::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

std::vector<Request> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::accept_all() {
  while (wait_readable(listener_, ending_)) {
    const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) continue;
    const int yes = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const timeval patience{5, 0};  // a client that stops reading must not keep a test from ending
    setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ++connections_;
    threads_.emplace_back([this, peer] { serve(peer); });
  }
}

void HttpServer::serve(int peer) {
  std::string buffer;
  while (const auto request = read_request(peer, buffer, ending_)) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    if (!answer(peer, *request)) break;
  }
  close(peer);
}

// True when the connection is good for another request.
bool HttpServer::answer(int peer, const Request& request) {
  const auto response = handler_(request);
  {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, response.delay, [this] { return ending_.load(); });
  }
  if (response.close_without_answer) return false;

  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " Answer\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  if (!response.headers.contains("Content-Length")) head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  head += "\r\n";
  std::string body = request.method == "HEAD" ? std::string() : response.body;
  const bool cut = response.cut_after != Response::whole;
  if (cut) body.resize(std::min(body.size(), response.cut_after));
  if (response.a_second == 0) return send_all(peer, head + body) && !cut;
  return send_all(peer, head) && send_slowly(peer, body, response.a_second) && !cut;
}

bool HttpServer::send_slowly(int peer, const std::string& body, std::size_t a_second) {
  const auto pause = std::chrono::microseconds(1'000'000 / a_second);
  for (const char each : body) {
    if (!send_all(peer, std::string(1, each))) return false;
    std::unique_lock lock(mutex_);
    if (ended_.wait_for(lock, pause, [this] { return ending_.load(); })) return false;
  }
  return true;
}

Response serve_range(const Request& request, const std::string& content) {
  const auto range = request.header("range");
  const auto dash = range.find('-');
  Response response{200, content, {{"Accept-Ranges", "bytes"}}};
  if (range.rfind("bytes=", 0) != 0 || dash == std::string::npos) return response;
  const std::size_t from = std::strtoul(range.c_str() + 6, nullptr, 10);
  if (from >= content.size()) {
    response.status = 416;
    response.body.clear();
    response.headers["Content-Range"] = "bytes */" + std::to_string(content.size());
    return response;
  }
  const bool open_end = dash + 1 == range.size();
  const std::size_t last =
      open_end ? content.size() - 1 : std::min(std::strtoul(range.c_str() + dash + 1, nullptr, 10), content.size() - 1);
  response.status = 206;
  response.body = content.substr(from, last - from + 1);
  response.headers["Content-Range"] = "bytes " + std::to_string(from) + "-" + std::to_string(last) + "/" + std::to_string(content.size());
  return response;
}

}  // namespace tidelab::tests
