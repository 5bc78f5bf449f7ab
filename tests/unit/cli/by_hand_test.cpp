// What reaches a host is run here by the shell of this machine.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/by_hand.hpp"
#include "support/catch.hpp"

using namespace tidelab;
using namespace tidelab::cli;

namespace {

namespace fs = std::filesystem;

/// Two components with a `bin` each, below a directory whose name needs quotes.
class Tree {
public:
  Tree() : top(fs::temp_directory_path() / ("tidelab by 'hand' " + std::to_string(::getpid()))) {
    add("one", "tool-one.sh"), add("two", "tool-two.sh");
  }
  ~Tree() { fs::remove_all(top); }
  std::vector<const plan::Component*> meant() const { return {&components[0], &components[1]}; }
  fs::path top;
  std::vector<plan::Component> components = std::vector<plan::Component>(2);

private:
  void add(const std::string& name, const std::string& tool) {
    const auto bin = top / name / "bin";
    fs::create_directories(bin);
    std::ofstream(bin / tool) << "#!/bin/sh\nprintf '%s|' \"$JAVA_HOME\" \"$@\"\n";
    fs::permissions(bin / tool, fs::perms::owner_all);
    auto& c = components[name == "one" ? 0 : 1];
    c.tools = {{bin.string()}, {{"JAVA_HOME", (top / name / "jre").string()}}};
  }
};

std::string run(std::vector<std::string> words) { return host::make_local()->run({std::move(words), {}, {}, {}, {}}, {})->out; }

}  // namespace

TEST_CASE("a component's program is found, has that component's variables, and its words arrive as they are") {
  const Tree tree;
  CHECK(run(with_tools(tree.meant(), {"tool-one.sh", "a  b", "$x", "'", ""})) == (tree.top / "one/jre").string() + "|a  b|$x|'||");
  CHECK(run(with_tools(tree.meant(), {"tool-two.sh"})) == (tree.top / "two/jre").string() + "|");
  CHECK(run(with_tools(tree.meant(), {(tree.top / "two/bin/tool-two.sh").string()})) == (tree.top / "two/jre").string() + "|");
  CHECK(run(with_tools({tree.meant()[1]}, {"sh", "-c", "echo $JAVA_HOME"})) == (tree.top / "two/jre").string() + "\n");
  CHECK(run(with_tools(tree.meant(), {"echo", "x"})) == "x\n");
  CHECK(with_tools({}, {"echo", "x"}) == std::vector<std::string>{"echo", "x"});
}

TEST_CASE("what is not there is looked for among what is") {
  const Tree tree;
  const auto said = [&](const std::string& program) { return what_was_meant(program, run(question_for_missing(tree.meant(), program))); };
  CHECK(said("tool-one") == "tool-one.sh");
  CHECK(said("tool-tow.sh") == "tool-two.sh");
  CHECK(said("something-else-entirely") == "");
  CHECK(said("ls") == "");  // it is there
  CHECK(question_for_missing(tree.meant(), "/no/such/program").empty());
  CHECK(question_for_missing({}, "tool-one").empty());
}
