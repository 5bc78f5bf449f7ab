#include "live/observe.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "client/http.hpp"
#include "client/kafka.hpp"

namespace tidelab::live {

using namespace step;

void Watch::add(std::string json, Clock::time_point arrived) {
  const std::lock_guard lock(mutex_);
  items_.push_back({std::move(json), arrived});
  changed_.notify_all();
}

void Watch::fail(Failure failure) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
  changed_.notify_all();
}

std::vector<Item> Watch::wait_beyond(std::size_t known, const Control& control) {
  std::unique_lock lock(mutex_);
  const auto until = Clock::now() + control.left();
  changed_.wait_until(lock, control.stop, until, [&] { return items_.size() > known || failure_.has_value(); });
  if (items_.size() <= known) return {};
  return {items_.begin() + static_cast<std::ptrdiff_t>(known), items_.end()};
}

std::vector<Item> Watch::all() {
  const std::lock_guard lock(mutex_);
  return items_;
}

std::optional<Failure> Watch::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Watch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

namespace {

bool is_json_object(const std::string& text) { return !text.empty() && text.front() == '{' && value_at(text, "").has_value(); }

class TopicWatch : public Watch {
public:
  explicit TopicWatch(std::unique_ptr<client::Tail> tail) : tail_(std::move(tail)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~TopicWatch() override { stop(); }

private:
  std::unique_ptr<client::Tail> tail_;

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto records = tail_->poll(std::chrono::milliseconds(100));
      if (!records) return fail(records.error());
      for (const auto& record : *records) {
        const auto value = is_json_object(record.value) ? record.value : json_string(record.value);
        add(fmt::format("{{\"partition\":{},\"offset\":{},\"key\":{},\"value\":{}}}", record.partition, record.offset,
                        json_string(record.key), value),
            record.arrived);
      }
    }
  }
};

class LineWatch : public Watch {
public:
  LineWatch(host::Host& host, host::Command command) : host_(host), command_(std::move(command)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~LineWatch() override { stop(); }

private:
  host::Host& host_;
  host::Command command_;
  std::string rest_;

  void take(std::string_view chunk) {
    const auto now = Clock::now();
    rest_ += chunk;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      add(fmt::format("{{\"line\":{}}}", json_string(rest_.substr(0, end))), now);
      rest_.erase(0, end + 1);
    }
  }

  void run(const std::stop_token& stop) {
    command_.on_out = [this](std::string_view chunk) { take(chunk); };
    const Control control{Clock::time_point::max(), stop, {}};
    const auto output = host_.run(command_, control);
    if (stop.stop_requested()) return;
    if (!output) return fail(output.error());
    fail({Why::failed,
          fmt::format("{} ended with {} while it was watched", command_.argv.front(), output->code),
          output->err.substr(0, 2000),
          {},
          {},
          {}});
  }
};

class PageWatch : public Watch {
public:
  PageWatch(std::string url, std::string next, std::string items) : url_(std::move(url)), next_(std::move(next)), items_(std::move(items)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~PageWatch() override { stop(); }

private:
  std::string url_, next_, items_;

  // "/v1/…" is meant below the server that gave it.
  void follow(const std::string& next) {
    if (next.starts_with("http"))
      url_ = next;
    else
      url_ = url_.substr(0, url_.find('/', url_.find("//") + 2)) + next;
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const Control control{Clock::now() + std::chrono::seconds(15), stop, {}};
      const auto answer = client::http({"GET", url_, {}, {}}, control);
      const auto now = Clock::now();
      if (stop.stop_requested()) return;
      if (!answer) return fail(answer.error());
      if (answer->status != 200)
        return fail({Why::failed, fmt::format("{} answered {}", url_, answer->status), answer->body.substr(0, 2000), {}, {}, {}});
      const auto found = elements(answer->body, items_);
      for (const auto& each : found) add(each, now);
      const auto next = value_at(answer->body, next_);
      if (!next) return fail({Why::failed, "the results ended", answer->body.substr(0, 2000), {}, {}, {}});
      follow(*next);
      // The server answers at once whether or not there is a row, so the pace is ours to set.
      if (found.empty() && !step::pause(control, std::chrono::milliseconds(10))) return;
    }
  }
};

}  // namespace

Result<std::unique_ptr<Watch>> open_watch(World& world, const Action& observer, const Where& where, const Control& control) {
  auto bound = world.bind(observer, where.scope);
  if (!bound) return tl::unexpected(bound.error());
  if (const auto* consume = std::get_if<Consume>(&*bound)) {
    auto tail = client::open_tail(consume->bootstrap.value, consume->topic.value, control);
    if (!tail) return tl::unexpected(tail.error());
    return std::make_unique<TopicWatch>(std::move(*tail));
  }
  if (const auto* follow = std::get_if<Follow>(&*bound)) {
    auto command = world.command_on(where.lane, follow->argv, follow->env, control);
    if (!command) return tl::unexpected(command.error());
    command->cwd = follow->cwd.value;
    command->input.text = follow->stdin_text.value;
    return std::make_unique<LineWatch>(world.host(where.lane), std::move(*command));
  }
  if (const auto* page = std::get_if<Page>(&*bound))
    return std::make_unique<PageWatch>(page->url.value, page->next.value, page->items.value);
  return step::fail(Why::failed, "this word does not watch");
}

}  // namespace tidelab::live
