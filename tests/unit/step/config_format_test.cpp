// Settings as files: what comes out, and that real readers of toml and yaml get back what was meant.
#include "step/config_format.hpp"

#include <algorithm>
#include <random>

#include <toml++/toml.h>
#include <yaml-cpp/yaml.h>

#include "step/read_step.hpp"
#include "support/catch.hpp"
#include "support/written.hpp"

using namespace tidelab;
using namespace tidelab::step;

namespace {

Settings settings(const std::string& text) {
  support::Written w(text);
  auto out = read_settings(w.node(), w.diagnostics);
  CHECK(w.complaints() == "");
  return out;
}

std::string render(const std::string& format, const std::string& text) {
  const auto made = render_config(format, settings(text));
  return made ? *made : "failed: " + made.error().what;
}

std::string merged(const std::string& under, const std::string& over) {
  std::string out;
  for (const auto& each : merge_settings(settings(under), settings(over), true))
    out += each.key.value + "=" + (each.values.empty() ? "" : each.values[0].value) + " ";
  return out;
}

}  // namespace

TEST_CASE("merged settings: later ones win and keep the place of what they replace") {
  CHECK(merged("{a: 1, b: 2}", "{b: 3, c: 4}") == "a=1 b=3 c=4 ");
  CHECK(merged("{a: 1, b: 2}", "{a: 9}") == "a=9 b=2 ");
  CHECK(merged("{}", "{a: 1}") == "a=1 ");
}

TEST_CASE("merged settings: a value in place of keys below it, and the other way round") {
  CHECK(merged("{a.b: 1, x: 2, a.c: 3}", "{a: 9}") == "a=9 x=2 ");
  CHECK(merged("{a: 1, x: 2}", "{a.b: 9}") == "a.b=9 x=2 ");
  CHECK(merged("{ab: 1}", "{a: 9}") == "ab=1 a=9 ");
}

TEST_CASE("merged settings are those of a look through all of them for each") {
  const auto plainly = [](Settings out, const Settings& over, bool nested) {
    for (const auto& setting : over) {
      const auto& key = setting.key.value;
      const auto covered = [&](const Setting& other) {
        const auto& k = other.key.value;
        return k == key || (nested && (k.starts_with(key + ".") || key.starts_with(k + ".")));
      };
      const auto place = std::find_if(out.begin(), out.end(), covered);
      if (place == out.end()) {
        out.push_back(setting);
        continue;
      }
      *place = setting;
      out.erase(std::remove_if(place + 1, out.end(), covered), out.end());
    }
    return out;
  };
  std::mt19937 dice(3);
  const auto some = [&] {
    Settings out;
    static const char* const parts[] = {"a", "b", "ab", "a-", "a/"};
    for (auto n = dice() % 12; n > 0; --n) {
      std::string key = parts[dice() % 5];
      for (auto deeper = dice() % 3; deeper > 0; --deeper) key += std::string(".") + parts[dice() % 5];
      out.push_back({{key, {}}, {{std::to_string(dice() % 100), {}}}});
    }
    return out;
  };
  const auto shown = [](const Settings& all) {
    std::string out;
    for (const auto& each : all) out += each.key.value + "=" + each.values[0].value + " ";
    return out;
  };
  for (int round = 0; round < 2000; ++round) {
    const auto under = some(), over = some();
    for (const bool nested : {true, false}) CHECK(shown(merge_settings(under, over, nested)) == shown(plainly(under, over, nested)));
  }
}

TEST_CASE("properties") {
  CHECK(render("properties", "{a.b: 1, list: [x, y], empty: '', q: '12'}") == "a.b=1\nlist=x,y\nempty=\nq=12\n");
  CHECK(render("properties", R"({"a b": 'C:\dir', "k=v": " lead", "#x": "#y", "a:b": a=b})") ==
        "a\\ b=C:\\\\dir\nk\\=v=\\ lead\n\\#x=#y\na\\:b=a=b\n");
  CHECK(render("properties", "{a: \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"}") == "a=\\u00e9 \\u20ac \\ud83d\\ude00\n");
}

TEST_CASE("env quotes for a shell") { CHECK(render("env", R"({A: "it's $HOME", B: 1})") == "A='it'\\''s $HOME'\nB='1'\n"); }

TEST_CASE("what a format cannot hold is refused") {
  CHECK(render("properties", R"({a: "x\ny"})") == "failed: `a` has a line break, and properties files cannot hold one");
  CHECK(render("properties", R"({a: "x\ry=1"})") == "failed: `a` has a line break, and properties files cannot hold one");
  CHECK(render("env", R"({a: "x\ny"})") == "failed: `a` has a line break, and env files cannot hold one");
  CHECK(render("properties", R"({"a\nb": x})") == "failed: the key \"a\\nb\" holds a control character");
  CHECK(render("ini", "{a: 1}") == "failed: there is no config format `ini`");
}

TEST_CASE("yaml keeps plain what needs no quotes") {
  CHECK(render("yaml", "{a.b: 1, url: 'http://h:8081/x', opts: '-XX:+UseG1GC -Dk=v', yes: true, dir: /opt/x}") ==
        "a.b: 1\nurl: \"http://h:8081/x\"\nopts: \"-XX:+UseG1GC -Dk=v\"\nyes: true\ndir: /opt/x\n");  // quoted stays a string
  CHECK(render("yaml", "{url: http://h:8081/x, opts: -XX:+UseG1GC -Dk=v, list: [a, b]}") ==
        "url: http://h:8081/x\nopts: -XX:+UseG1GC -Dk=v\nlist: a,b\n");
}

TEST_CASE("yaml comes back through a reader as it was meant") {
  for (const std::string value :
       {"a: b", "x #y", "# x", "- a", "-",    "[a", "{a", "*a",   "&a",   "!a",   "|", ">",   "%a",  "@a",   "`a",   "'",
        "\"",   "a:",   " a ", "~",   "null", "",   "12", "true", "a\nb", "a\tb", "?", "? a", ": a", "a, b", "C:\\x"}) {
    CAPTURE(value);
    Setting setting{{"k", {}}, {{value, {}}}, false, true};
    for (const bool quoted : {true, false}) {
      setting.quoted = quoted;
      const auto made = render_config("yaml", {setting});
      REQUIRE(made);
      CAPTURE(*made);
      const auto back = YAML::Load(*made);
      CHECK(back["k"].IsScalar());
      CHECK(back["k"].as<std::string>() == value);
      if (quoted) CHECK(back["k"].Tag() == "!");  // a string, whatever it looks like
    }
  }
}

TEST_CASE("toml nests, keeps types, and comes back through a reader") {
  const auto text = render(
      "toml",
      R"({a.b.int: 12, a.b.text: '12', a.real: 1.5, top: x, a.yes: true, a.no: 'true', list: [1, 2], texts: ['1', '2'], path: 'C:\x "y"', a.tiny: 1e-310, huge: 1e999, v: 1.2.3, inf: inf})");
  const auto back = toml::parse(text);
  CHECK(back["a"]["b"]["int"].value_exact<std::int64_t>() == 12);
  CHECK(back["a"]["b"]["text"].value_exact<std::string>() == "12");
  CHECK(back["a"]["real"].value_exact<double>() == 1.5);
  CHECK(back["a"]["yes"].value_exact<bool>() == true);
  CHECK(back["a"]["no"].value_exact<std::string>() == "true");
  CHECK(back["a"]["tiny"].value_exact<double>() == 1e-310);
  CHECK(back["huge"].value_exact<std::string>() == "1e999");
  CHECK(back["v"].value_exact<std::string>() == "1.2.3");
  CHECK(back["inf"].value_exact<std::string>() == "inf");
  CHECK(back["list"][1].value_exact<std::int64_t>() == 2);
  CHECK(back["texts"][1].value_exact<std::string>() == "2");
  CHECK(back["path"].value_exact<std::string>() == "C:\\x \"y\"");
  CHECK(back["top"].value_exact<std::string>() == "x");
}

TEST_CASE("toml: plain keys come before tables") {
  CHECK(render("toml", "{a.b: 1, top: 2}") == "top = 2\n\n[a]\nb = 1\n");
  CHECK(render("toml", "{}") == "\n");
}
