#include "live/observe.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "client/http.hpp"
#include "client/kafka.hpp"

namespace tidelab::live {

using namespace step;

bool Watch::add(std::string text, Clock::time_point arrived, const std::optional<Answer>& parsed) {
  const auto bytes = bytes_ + sizeof(Item) + text.size();
  Item item{std::string(), arrived};
  if (bytes > most_parsed)
    item.what = std::move(text);
  else
    item.what = parsed ? parsed->alone() : Answer::parse(std::move(text));
  const std::lock_guard lock(mutex_);
  bytes_ = bytes;
  if (bytes > most_watched)
    failure_ = Failure{Why::failed,
                       fmt::format("more than {} MiB came while it was watched", most_watched >> 20),
                       item.answer().text().substr(0, 2000),
                       {},
                       {},
                       {}};
  else
    items_.push_back(std::move(item));
  changed_.notify_all();
  return bytes <= most_watched;
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

// A value that is a JSON object stands in it as that, and any other as a text.
Answer item_of(const client::Record& record) {
  const auto item = [&](Answer value) {
    return Answer::object({{"partition", Answer::parse(std::to_string(record.partition))},
                           {"offset", Answer::parse(std::to_string(record.offset))},
                           {"key", Answer::parse(json_string(record.key))},
                           {"value", std::move(value)}});
  };
  if (record.value.starts_with('{'))
    if (auto whole = item(Answer::parse(record.value)); !whole.beyond()) return whole;
  return item(Answer::parse(json_string(record.value)));
}

class TopicWatch : public Watch {
public:
  explicit TopicWatch(std::unique_ptr<client::Tail> tail) : tail_(std::move(tail)) {
    start([this](const std::stop_token& stop) { run(stop); });
  }
  ~TopicWatch() override { stop(); }

private:
  std::unique_ptr<client::Tail> tail_;

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto records = tail_->poll(std::chrono::milliseconds(100));
      if (!records) return fail(records.error());
      for (const auto& record : *records) {
        const auto item = item_of(record);
        if (!add(item.text(), record.arrived, item)) return;
      }
    }
  }
};

class LineWatch : public Watch {
public:
  LineWatch(host::Host& host, host::Command command) : host_(host), command_(std::move(command)) {
    start([this](const std::stop_token& stop) { run(stop); });
  }
  ~LineWatch() override { stop(); }

private:
  host::Host& host_;
  host::Command command_;
  std::string rest_;
  std::stop_source enough_;

  static constexpr std::size_t most_of_a_line = 1 << 20;

  void take(std::string_view chunk) {
    const auto now = Clock::now();
    rest_ += chunk;
    std::size_t from = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', from)) {
      auto item = fmt::format("{{\"line\":{}}}", json_string(rest_.substr(from, end - from)));
      if (!add(std::move(item), now)) return enough_.request_stop(), void();
      from = end + 1;
    }
    rest_.erase(0, from);
    if (rest_.size() <= most_of_a_line) return;
    fail({Why::failed,
          fmt::format("a line of more than {} KiB came while it was watched", most_of_a_line >> 10),
          rest_.substr(0, 2000),
          {},
          {},
          {}});
    enough_.request_stop();
  }

  void run(const std::stop_token& stop) {
    command_.on_out = [this](std::string_view chunk) { take(chunk); };
    const std::stop_callback forward(stop, [this] { enough_.request_stop(); });
    const Control control{Clock::time_point::max(), enough_.get_token(), {}};
    const auto output = host_.run(command_, control);
    if (enough_.stop_requested()) return;
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
    start([this](const std::stop_token& stop) { run(stop); });
  }
  ~PageWatch() override { stop(); }

private:
  std::string url_, next_, items_;

  // "/v1/…" is meant below the server that gave it; no other one is asked because a server says so.
  bool follow(const std::string& next) {
    const auto server = url_.substr(0, url_.find('/', url_.find("//") + 2));
    if (next.starts_with(server + "/"))
      url_ = next;
    else if (next.starts_with("/"))
      url_ = server + next;
    else
      return false;
    return true;
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const Control control{Clock::now() + std::chrono::seconds(15), stop, {}};
      auto answer = client::http({"GET", url_, {}, {}}, control);
      const auto now = Clock::now();
      if (stop.stop_requested()) return;
      if (!answer) return fail(answer.error());
      if (answer->status != 200)
        return fail({Why::failed, fmt::format("{} answered {}", url_, answer->status), answer->body.substr(0, 2000), {}, {}, {}});
      const auto page = Answer::parse(std::move(answer->body));
      if (const auto beyond = page.beyond())
        return fail(
            {Why::failed, fmt::format("what {} answers is not looked into: {}", url_, *beyond), page.text().substr(0, 2000), {}, {}, {}});
      const auto found = page.elements(items_);
      for (const auto& each : found)
        if (!add(each.text(), now, each)) return;
      const auto next = value_at(page, next_);
      if (!next) return fail({Why::failed, "the results ended", page.text().substr(0, 2000), {}, {}, {}});
      if (!follow(*next))
        return fail({Why::failed, fmt::format("the next page would be another server's: {}", next->substr(0, 200)), {}, {}, {}, {}});
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
