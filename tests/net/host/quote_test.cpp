// The property of quoting: a real sh gives back exactly the bytes that were quoted.
#include "host/quote.hpp"

#include <random>

#include "host/host.hpp"
#include "host/remote_shell.hpp"
#include "support/catch.hpp"

using namespace tidelab::host;

namespace {

std::string through_sh(const std::vector<std::string>& words) {
  const auto local = make_local();
  std::vector<std::string> argv{"printf", "%s|"};
  argv.insert(argv.end(), words.begin(), words.end());
  const auto output = local->run({{"sh", "-c", quote_argv(argv)}, {}, {}, {}, {}}, {});
  REQUIRE(output);
  REQUIRE(output->code == 0);
  return output->out;
}

}  // namespace

TEST_CASE("words come out of sh byte for byte") {
  const std::vector<std::string> words{"",   " ",  "'",     "''a'", "$(id)", "`id`", "a\nb\n",   "\n",  "-n",
                                       "--", "~",  "*",     "a b",  "\\",    "\\'",  "\xff\xfe", "süß", "#x",
                                       "!",  "if", "{a,b}", "a=b",  "\t",    "\"",   "&& exit 3"};
  std::string expected;
  for (const auto& word : words) expected += word + "|";
  CHECK(through_sh(words) == expected);
}

TEST_CASE("random bytes come out of sh byte for byte") {
  std::mt19937 random(20240917);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> words;
    std::string expected;
    for (int i = 0; i < 50; ++i) {
      std::string word(random() % 40, 'x');
      for (auto& c : word) c = static_cast<char>(random() % 4 == 0 ? "'\"\\$`\n -"[random() % 8] : 1 + static_cast<int>(random() % 255));
      expected += word + "|";
      words.push_back(std::move(word));
    }
    REQUIRE(through_sh(words) == expected);
  }
}

TEST_CASE("a reserved word is quoted, a plain one is not") {
  CHECK(quote("if") == "'if'");
  CHECK(quote("/opt/x-1.2") == "/opt/x-1.2");
  CHECK(quote_argv({"a", "b c"}) == "a 'b c'");
}

TEST_CASE("marks are found however the stream is cut") {
  for (std::size_t cut = 1; cut < 30; ++cut) {
    MarkedStream marked("M-mark");
    const std::string all = "noise\nM-mark:4711\nM-maM-mM-mark=3\nleft behind";
    std::string clean;
    for (std::size_t at = 0; at < all.size(); at += cut) clean += marked.feed(std::string_view(all).substr(at, cut));
    CHECK(clean == "M-maM-m");
    CHECK(marked.pid() == 4711);
    CHECK(marked.code() == 3);
    CHECK(marked.noise() == "noise\n");
  }
}

TEST_CASE("a command is named in one short line") {
  CHECK(short_argv({"sh", "-c", "one\ntwo"}) == "sh -c …");
  CHECK(short_argv({"ls", "a b", ""}) == "ls 'a b' ''");
  CHECK(short_argv({"echo", std::string(200, 'x'), "end"}) == "echo …");
  CHECK(short_argv({std::string(200, 'x')}) == "…");
}
