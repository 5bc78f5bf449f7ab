#include "live/process_words.hpp"

#include "support/catch.hpp"

using namespace tidelab::live;

namespace {

const ProcessOf broker{"Kafka broker 10.0.0.2:9092", "10.0.0.2", "shop", "10.0.0.2:9092"};

ProcessWords words_of(const std::string& json) { return describe_process(broker, tidelab::step::Answer::parse(json)); }

}  // namespace

TEST_CASE("a process that runs explains nothing") {
  const auto words =
      words_of(R"({"running":true,"state":"running","pid":1234,"up_seconds":310,"restarts":0,"exit":null,"ended_seconds":null,"oom":0})");
  CHECK(words.state.empty());
  CHECK(words.text == "Kafka broker 10.0.0.2:9092: its process 1234 runs, up 5 min");
  CHECK_FALSE(words.ended);
}

TEST_CASE("one that was started again long ago runs, and it is said how often") {
  const auto words =
      words_of(R"({"running":true,"state":"running","pid":7,"up_seconds":7300,"restarts":2,"exit":1,"ended_seconds":7301,"oom":0})");
  CHECK(words.state.empty());
  CHECK(words.text == "Kafka broker 10.0.0.2:9092: its process 7 runs, up 2 h, restarted 2 times so far");
  CHECK_FALSE(words.ended);
}

TEST_CASE("a stopped process is told with what lets it go on") {
  const auto words =
      words_of(R"({"running":true,"state":"stopped","pid":1234,"up_seconds":110,"restarts":0,"exit":null,"ended_seconds":null,"oom":0})");
  CHECK(words.state == "stopped");
  CHECK(words.text ==
        "Kafka broker 10.0.0.2:9092: its process 1234 is stopped (state T, as by SIGSTOP), up 110 s\n"
        "→ `kill -CONT 1234` on 10.0.0.2, or `tidelab restart shop --node 10.0.0.2:9092`");
}

TEST_CASE("a zombie") {
  const auto words =
      words_of(R"({"running":false,"state":"zombie","pid":99,"up_seconds":10,"restarts":0,"exit":null,"ended_seconds":null,"oom":0})");
  CHECK(words.state == "zombie");
  CHECK(words.text.find("its process 99 has ended, and is a zombie") != std::string::npos);
}

TEST_CASE("one that has just been started may still be starting") {
  const auto words =
      words_of(R"({"running":true,"state":"running","pid":5,"up_seconds":12,"restarts":0,"exit":null,"ended_seconds":null,"oom":0})");
  CHECK(words.state == "starting");
  CHECK(words.text == "Kafka broker 10.0.0.2:9092: its process 5 runs, up 12 s: it may still be starting");
}

TEST_CASE("one that ends again and again, whether it has a process at the moment or not") {
  auto words = words_of(R"({"running":true,"state":"running","pid":5,"up_seconds":3,"restarts":4,"exit":1,"ended_seconds":7,"oom":0})");
  CHECK(words.state == "restarting");
  CHECK(words.text ==
        "Kafka broker 10.0.0.2:9092: its process 5 is up for 3 s only, restarted 4 times so far; its last process ended with exit code 1, "
        "7 s ago");
  CHECK(words.ended == 7);
  words = words_of(R"({"running":false,"state":"restarting","pid":0,"up_seconds":0,"restarts":1,"exit":143,"ended_seconds":2,"oom":0})");
  CHECK(words.state == "restarting");
  CHECK(words.text.find("it has no process at the moment, restarted once so far, and will be started again") != std::string::npos);
  CHECK(words.text.find("was killed by SIGTERM (exit code 143), 2 s ago") != std::string::npos);
}

TEST_CASE("one that the kernel ended for want of memory, and one that somebody killed") {
  auto words =
      words_of(R"({"running":false,"state":"restarting","pid":0,"up_seconds":0,"restarts":1,"exit":137,"ended_seconds":2,"oom":1})");
  CHECK(words.state == "out of memory");
  CHECK(words.text.find("its last process was killed by the kernel (out of memory), 2 s ago") != std::string::npos);
  words = words_of(R"({"running":false,"state":"down","pid":0,"up_seconds":0,"restarts":0,"exit":137,"ended_seconds":2,"oom":0})");
  CHECK(words.state == "down");
  CHECK(words.text.find("was killed by SIGKILL (exit code 137)") != std::string::npos);
}

TEST_CASE("one that does not run, and of whose end nobody knows") {
  const auto words =
      words_of(R"({"running":false,"state":"down","pid":0,"up_seconds":0,"restarts":0,"exit":null,"ended_seconds":null,"oom":0})");
  CHECK(words.state == "down");
  CHECK(words.text ==
        "Kafka broker 10.0.0.2:9092: it is not running\n→ `tidelab up` starts it, or `tidelab restart shop --node 10.0.0.2:9092`");
  CHECK_FALSE(words.ended);
}

TEST_CASE("numbers of a host that are none, or more than there can be, are not known") {
  auto words = words_of(R"({"running":false,"state":"down","restarts":"many","exit":9,"ended_seconds":9223372036854775807})");
  CHECK_FALSE(words.ended);
  CHECK(words.text.find("ended with exit code 9\n") != std::string::npos);
  words = words_of(R"({"running":true,"state":"running","pid":1,"up_seconds":-9223372036854775808,"restarts":99999999999999999999})");
  CHECK(words.text.find("up 0 s") != std::string::npos);
  CHECK_FALSE(words_of(std::string(500'000, '[')).text.empty());
}

TEST_CASE("what a host says of a service is used when it has the form, and told when it has not") {
  const std::string whole =
      R"({"running":true,"state":"running","pid":5,"exe":"/opt/x","restarts":4,"up_seconds":3,"since_ms":1,"rss_kb":1,"restarting":false,"exit":null,"ended_seconds":-2,"oom":0})";
  const auto fine = read_process(whole + "\n", "kafka-9092", "h1");
  REQUIRE(fine);
  CHECK(*fine == whole + "\n");
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = whole;
    text.replace(text.find(from), from.size(), to);
    const auto read = read_process(text, "kafka-9092", "h1");
    return read ? std::string("used") : read.error().what;
  };
  const std::string head = "what h1 says of the service kafka-9092 cannot be used: ";
  CHECK(with("\"restarts\":4", "\"restarts\":\"four\"") == head + "`restarts` is no whole number");
  CHECK(with("\"restarts\":4", "\"restarts\":four") == head + "it is no JSON");
  CHECK(with("\"restarts\":4", "\"restarts\":4.5") == head + "`restarts` is no whole number");
  CHECK(with("\"restarts\":4", "\"restarts\":18446744073709551615") == head + "`restarts` is too large");
  CHECK(with("\"pid\":5", "\"pid\":" + std::string(30'000, '[') + std::string(30'000, ']')) == head + "`pid` is no whole number");
  CHECK(with("\"pid\":5", "\"pid\":" + std::string(300'000, '[')) == head + "it has more than 65536 bytes");
  CHECK(with("\"running\":true", "\"running\":1") == head + "`running` is neither true nor false");
  CHECK(with("\"state\":\"running\",", "") == head + "it is no JSON object of that form");
  CHECK(with("\"state\":\"running\"", "\"state\":null") == head + "`state` is no text");
  CHECK(with("\"state\":\"running\"", "\"state\":\"run\\nning\"") == head + "`state` is none of its words");
  CHECK_FALSE(read_process("", "s", "h"));
  CHECK_FALSE(read_process("[]", "s", "h"));
}
