#!/usr/bin/env python3
"""Each rule of arch.py on small trees: a good tree passes, and each way of breaking a rule is told with
its place. A rule that cannot fail is worth nothing."""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).with_name("arch.py")

ROOMS = """# Architecture

| room | what it does |
|---|---|
| `nothing` | another table, which is not looked at |

| room | may include |
|---|---|
| source | – |
| step | source |
| host | source, step |
"""
LIBRARIES = """
| headers | only in |
|:--|---|
| `yaml-cpp/` | step, host |
| `libssh2` | host |
| `spdlog/` | host, step |
| `nlohmann/` | step |
| `fmt/` | everywhere |
| `tl/` | everywhere |
"""
PAGE = "docs/architecture.md"
LEVELS = """
| what | command |
|---|---|
| unit | another table |

| level | budget | what it proves |
|---|---|---|
| build | 90 s | it compiles |
| unit | 60 s | parts |
"""
SCRIPT_AT_TOP = '#!/bin/sh\nbudgets="build 90  unit 60"\n'

GOOD = {
    PAGE: ROOMS + LIBRARIES,
    "CONTRIBUTING.md": LEVELS,
    "run.sh": SCRIPT_AT_TOP,
    "src/source/file.hpp": "// A file.\n#pragma once\n#include <string>\n#include <sys/types.h>\nstruct File { std::string text; };\n",
    "src/source/file.cpp": '#include "source/file.hpp"\n#include <fmt/format.h>\n',
    "src/source/CMakeLists.txt": "target_sources(core PRIVATE file.cpp)\n",
    "src/step/step.hpp": '#pragma once\n#include "source/file.hpp"\n',
    "src/step/CMakeLists.txt": "target_sources(core PRIVATE step.cpp)\n",
    "src/host/session.hpp": '// Private to host: a session.\n#pragma once\n#include <cstddef>\n#include "step/step.hpp"\n#include "source/file.hpp"\n',
    "src/host/CMakeLists.txt": "target_sources(net PRIVATE)\n",
    "playbooks/broker/playbook.yaml": "component: broker\nsection: broker_servers\n",
    "playbooks/kafka/playbook.yaml": 'component: kafka\nsection: "kafka_servers"\n',
    "docs/explain/Y001.md": "# Y001: syntax\n",
    "src/step/step.cpp": 'auto code = "Y001";\n',
    "tests/unit/a_test.cpp": "// calls sleep(1) nowhere\n",
}


class Arch(unittest.TestCase):
    def run_on(self, check, changes=(), walk=True):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "tree"
            for name, text in {**GOOD, **dict(changes)}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
            command = [sys.executable, str(SCRIPT), "--root", str(root), "--build", str(Path(folder) / "out")]
            command += ["--walk"] if walk else []
            command += ["--only", check] if check else []
            out = subprocess.run(command, capture_output=True, text=True)
            return out.returncode, out.stdout.splitlines(), out.stderr

    def passes(self, check, changes=()):
        code, out, error = self.run_on(check, changes)
        self.assertEqual((code, out[-1:], error), (0, ["1 checks, 0 violations"], ""), out)
        return out

    def fails(self, check, name, text, *said):
        code, out, error = self.run_on(check, {name: text})
        self.assertEqual((code, error), (1, ""), out)
        self.assertEqual(len(out), len(said) + 1, out)
        for line, expected in zip(out, said):
            self.assertIn(expected, line)
        self.assertEqual(out[-1], f"1 checks, {len(said)} violations")

    def test_a_good_tree_passes_every_check(self):
        code, out, error = self.run_on(None)
        self.assertEqual((code, out, error), (0, ["13 checks, 0 violations"], ""))

    def test_an_empty_tree_is_not_good(self):
        with tempfile.TemporaryDirectory() as folder:
            out = subprocess.run([sys.executable, str(SCRIPT), "--root", folder, "--build", folder], capture_output=True, text=True)
            self.assertEqual(out.returncode, 1)

    def test_include_table(self):
        self.fails("include_table", "src/source/up.cpp", '\n#include "step/step.hpp"\n', "src/source/up.cpp:2: include_table: source may not include step")
        self.fails("include_table", "src/step/side.cpp", '#include "host/session.hpp"\n', "step may not include host")
        self.fails("include_table", "src/step/gone.cpp", '#include "step/gone.hpp"\n', '"step/gone.hpp" is not a file')
        self.fails("include_table", "src/util/a.hpp", "#pragma once\n", "`util` is not a room")
        cli = {"src/cli/a.cpp": '#include "host/session.hpp"\n#include "step/step.hpp"\n'}
        self.passes("include_table", {PAGE: ROOMS + "| cli | source, step, host |\n", **cli})

    def test_what_may_include_what_is_what_the_page_says(self):
        page = f"{PAGE}:12: include_table: "
        self.fails("include_table", PAGE, ROOMS.replace("| step | source |", "| step | – |"), "src/step/step.hpp:2: include_table: step may not include source")
        self.fails("include_table", PAGE, ROOMS.replace("| host | source, step |", "| host | step |"), "src/host/session.hpp:5: include_table: host may not include source")
        self.fails("include_table", PAGE, ROOMS + "| gone | – |\n", f"{PAGE}:12: include_table: there is no room src/gone")
        for row, said in [("| net | source, gone |", page + "`gone` is not a room"), ("| net | source step |", page + "`source step` is not a room"),
                          ("| net |  |", page + "a row of the table `room | may include` that cannot be read"), ("| net |", page + "a row"),
                          ("|  | – |", page + "a row"), ("| net | – | – |", page + "a row"), ("| step | – |", "two rows `step`")]:
            self.fails("include_table", PAGE, ROOMS + row + "\n", said)

    def test_a_page_without_its_tables_is_told(self):
        for check, name, whole, head in [("include_table", "room | may include", ROOMS, "| room | may include |"),
                                         ("libraries", "headers | only in", LIBRARIES, "| headers | only in |")]:
            said = f"{PAGE}:1: {check}: the table `{name}` is "
            rest = (ROOMS + LIBRARIES).replace(whole, "")
            for page in (rest, rest + whole.replace(head, "| other | words |"), rest + f"\n{head}\n|---|---|\n"):
                self.fails(check, PAGE, page, said + "missing or empty")
            self.fails(check, PAGE, rest + whole + "\n" + whole, said + "there twice")
        # The rooms that libraries are confined to are those of the other table.
        self.fails("libraries", PAGE, LIBRARIES, f"{PAGE}:1: libraries: the table `room | may include` is missing")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "src/step").mkdir(parents=True)
            (Path(folder) / "src/step/a.hpp").write_text("#pragma once\n")
            for check in ("include_table", "libraries"):
                out = subprocess.run([sys.executable, str(SCRIPT), "--root", folder, "--build", folder, "--only", check], capture_output=True, text=True)
                self.assertEqual((out.returncode, out.stdout.splitlines()[1:], out.stderr), (1, ["1 checks, 1 violations"], ""))
                self.assertIn(f"{PAGE}:1: {check}: the table `room | may include` is missing", out.stdout)

    def test_include_cycles(self):
        self.fails("include_cycles", "src/source/file.hpp", '#include "step/step.hpp"\n', "includes go in a circle")
        self.fails("include_cycles", "src/step/self.hpp", '#include "step/self.hpp"\n', "src/step/self.hpp:1")

    def test_libraries(self):
        self.fails("libraries", "src/source/a.cpp", "#include <yaml-cpp/yaml.h>\n", "src/source/a.cpp:1: libraries: <yaml-cpp/yaml.h> is confined to host, step")
        self.fails("libraries", "src/step/a.cpp", "#include <boost/asio.hpp>\n", "of no library")
        self.fails("libraries", "src/step/a.cpp", "#include <mysql_driver.h>\n", "of no library")
        self.fails("libraries", "src/step/a.hpp", "#include <nlohmann/json.hpp>\n", "in a header")
        self.fails("libraries", "src/step/a.hpp", "// Private.\n#include <nlohmann/json.hpp>\n", "in a header")
        self.fails("libraries", "src/host/a.hpp", "// A session.\n#include <libssh2.h>\n", "in a header")
        self.fails("libraries", "src/host/a.hpp", "// Private to host.\n#include <nlohmann/json.hpp>\n", "is confined to step")
        self.passes("libraries", {"src/host/a.hpp": "// Private to host.\n#include <libssh2.h>\n#include <tl/expected.hpp>\n"})

    def test_where_libraries_live_is_what_the_page_says(self):
        self.fails("libraries", PAGE, (ROOMS + LIBRARIES).replace("| `fmt/` | everywhere |\n", ""), "src/source/file.cpp:2: libraries: <fmt/format.h> is of no library")
        self.fails("libraries", PAGE, (ROOMS + LIBRARIES).replace("| `fmt/` | everywhere |", "| `fmt/` | host, step |"), "src/source/file.cpp:2: libraries: <fmt/format.h> is confined to host, step")
        for row, said in [("| `curl/` | client |", "`client` is not a room"), ("| `curl/` |", "cannot be read"), ("| `curl/` |  |", "cannot be read"), ("| `tl/` | step |", "two rows `tl/`")]:
            self.fails("libraries", PAGE, ROOMS + LIBRARIES + row + "\n", said)

    def test_the_tables_of_this_repository(self):
        """Libraries that the engine uses stay where they were put: who moves one has to change this, too."""
        root = SCRIPT.resolve().parents[2]
        sys.path.insert(0, str(SCRIPT.parent))
        import arch
        tree = arch.Tree(root, root)
        rooms = {room: may for room, (_, may) in arch.rooms_of(tree).items()}
        self.assertEqual(rooms["source"], set())
        for room in ("step", "playbook", "topology", "plan", "run", "report"):
            self.assertFalse(rooms[room] & {"host", "client", "artifact", "live", "disk", "cli"}, room)
        confined = dict(arch.libraries_of(tree))
        for header in ["yaml-cpp/", "libssh2", "openssl/", "curl/", "cppconn/", "mysql", "librdkafka/", "spdlog/", "CLI/", "pugixml.hpp", "toml++/", "nlohmann/", "archive.h"]:
            self.assertNotIn("source", confined[header] or {"source"}, header)

    def test_product_names(self):
        self.fails("product_names", "src/step/a.cpp", "int x;\n// as ZooKeeper does\n", "src/step/a.cpp:2: product_names: `ZooKeeper` holds the name `zookeeper`")
        self.fails("product_names", "src/step/a.cpp", "int tikv_port;\n", "tikv")
        self.fails("product_names", "src/step/a.cpp", "struct TiKVStore;\n", "tikv")
        self.fails("product_names", "src/step/a.cpp", "int broker2;\n", "broker")
        self.fails("product_names", "src/step/a.cpp", 'auto s = "kafka_servers";\n', "kafkaservers")
        self.passes("product_names", {"src/step/a.cpp": "int kafka, mysql_client, brokerage, servers, HttpKafka; // sql\n"})

    def test_lists_and_lengths(self):
        self.fails("lists_and_lengths", "src/step/new.cpp", "", "src/step/new.cpp:1: lists_and_lengths: is not named")
        self.fails("lists_and_lengths", "src/source/CMakeLists.txt", "target_sources(core PRIVATE other_file.cpp) # file.cpp\n", "src/source/file.cpp:1")
        self.fails("lists_and_lengths", "src/step/long.hpp", "\n" * 401, "src/step/long.hpp:401")
        out = self.passes("lists_and_lengths", {"src/step/long.hpp": "\n" * 301})
        self.assertIn("warning: src/step/long.hpp:301", out[0])

    def test_waits(self):
        for call in ["std::this_thread::sleep_for(x)", "sleep_until(x)", "usleep(1)", "::sleep (1)", "std::system(x)", "popen(x)"]:
            self.fails("waits", "src/step/a.cpp", f"\nvoid f() {{ {call}; }}\n", "src/step/a.cpp:2: waits:")
            self.fails("waits", "tests/net/a_test.cpp", f"void f() {{ {call}; }}\n", "tests/net/a_test.cpp:1: waits:")
        self.passes("waits", {"src/step/a.cpp": '// sleep(1)\nauto s = "system(x)"; /* popen(\n */ int file_system(int);\nauto r = R"(sleep(1))";\nint n = 1\'000;\n'})

    def test_one_way(self):
        for code in ["std::jthread t([] {});", "std::vector<std::thread> all;", 'fmt::print("x");', "std::printf(x);", "std::clog << 1;", 'spdlog::stderr_color_mt("x");',
                     'auto s = "\\x1b[31m";', 'auto s = "\\033[K";']:
            self.fails("one_way", "src/step/a.cpp", f"\nvoid f() {{ {code} }}\n", "src/step/a.cpp:2: one_way:")
        self.passes("one_way", {"src/step/a.cpp": '// std::thread\nauto s = "printf(x)"; auto id = std::this_thread::get_id(); int n = snprintf(a, b, c);\n',
                                "src/source/paint.cpp": 'auto s = "\\x1b[31m";\n', "src/source/CMakeLists.txt": "target_sources(core PRIVATE file.cpp paint.cpp)\n"})

    def test_headers_alone(self):
        self.fails("headers_alone", "src/step/a.hpp", "#pragma once\nstd::string x;\n", "src/step/a.hpp:1: headers_alone: does not compile alone")
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "src/step").mkdir(parents=True)
            (root / "src/step/base.hpp").write_text("#pragma once\nusing number = int;\n")
            (root / "src/step/user.hpp").write_text('#pragma once\n#include "step/base.hpp"\ninline number n = 1;\n')
            command = [sys.executable, str(SCRIPT), "--root", folder, "--build", str(root / "out"), "--only", "headers_alone"]
            self.assertEqual(subprocess.run(command, capture_output=True).returncode, 0)
            # What was found good must be looked at again when a header below it changes.
            (root / "src/step/base.hpp").write_text("#pragma once\n")
            again = subprocess.run(command, capture_output=True, text=True)
            self.assertIn("src/step/user.hpp:1", again.stdout)
            self.assertEqual(subprocess.run(command, capture_output=True).returncode, 1, "a bad header must not be remembered as good")

    def test_this_machine(self):
        self.fails("this_machine", "docs/a.md", "see\n`/wor" + "k/shared`\n", "docs/a.md:2: this_machine: a path of one machine")
        self.fails("this_machine", "docs/a.md", "/roo" + "t/.ssh\n", "a path of one machine")
        self.fails("this_machine", "a.sh", "curl https://pyp" + "i.org/simple\n", "the host of a registry")
        self.passes("this_machine", {"a.md": "dir/wor" + "k/x, mypyp" + "i.organic\n", "b.bin": b"\0/roo" + b"t/"})

    def test_this_machine_needs_git_or_walk(self):
        code, _, error = self.run_on("this_machine", walk=False)
        self.assertEqual(code, 1)
        self.assertIn("git", error)

    def test_codes(self):
        self.fails("codes", "src/step/a.cpp", 'f("Y001");\nf("S042");\nf("S042");\n', "src/step/a.cpp:2: codes: S042 has no page")
        self.fails("codes", "playbooks/broker/playbook.yaml", "rules:\n  - code: R777\n", "playbooks/broker/playbook.yaml:2: codes: R777 has no page")
        self.fails("codes", "docs/explain/T001.md", "# T001: gone\n", "docs/explain/T001.md:1: codes: nothing tells T001")
        self.passes("codes", {"src/step/a.cpp": 'f("Y001"); f("X1"); f("AB123");\n'})

    def test_rule_cases(self):
        rule = "component: a\nrules:\n  - code: R901\n    odd: {section: a}\n  - {code: R902}\n"
        both = {f"tests/golden/{code}/{name}.case": f"$ validate a\n=== exit 0\n{text}" for code in ("R901", "R902") for name, text in (("wrong", f"=== stderr\nerror[{code}]: x\n"), ("right", ""))}
        self.passes("rule_cases", {"playbooks/a/playbook.yaml": rule, "docs/diagnostics.md": "R901 R902\n", **both})
        for change, said in [({"docs/diagnostics.md": "R901\n"}, "a/playbook.yaml:5: rule_cases: R902 is not in docs"),
                             ({"tests/golden/R901/wrong.case": "$ a\n=== exit 65\n=== stderr\nerror[R902]: x\n"}, "a/playbook.yaml:3: rule_cases: no case in tests/golden/R901 breaks"),
                             ({"tests/golden/R902/right.case": "$ a\n=== exit 0\n=== stderr\nwarning[R902]: x\n"}, "no case in tests/golden/R902 keeps")]:
            code, out, _ = self.run_on("rule_cases", {"playbooks/a/playbook.yaml": rule, "docs/diagnostics.md": "R901 R902\n", **both, **change})
            self.assertEqual((code, len(out)), (1, 2), out)
            self.assertIn(said, out[0])

    def test_top_level(self):
        for name in ("notes.md", "tools/a.sh", "util/a.cpp", "Makefile", "docs.md"):
            self.fails("top_level", name, "x\n", f"{name.split('/')[0]}:1: top_level: does not belong at the top")
        self.passes("top_level", {each: "x\n" for each in (".editorconfig", ".github/a.md", "CHANGELOG.md", "LICENSE", "docs/a.md", "build/a.log")})

    def test_levels(self):
        page, script = "CONTRIBUTING.md", "run.sh"
        self.fails("levels", page, LEVELS.replace("60 s", "61 s"), "CONTRIBUTING.md:9: levels: the budget of `unit` is 61 s here, and 60 s in run.sh")
        self.fails("levels", page, LEVELS.replace("60 s", "a minute"), "the budget of `unit` is a minute here")
        self.fails("levels", page, LEVELS + "| net | 5 s | doors |\n", "CONTRIBUTING.md:10: levels: run.sh has no level `net`")
        self.fails("levels", page, LEVELS.replace("| unit | 60 s | parts |\n", ""), "CONTRIBUTING.md:8: levels: the level `unit` of run.sh has no row")
        self.fails("levels", page, LEVELS.replace("| unit | 60 s |", "| build | 60 s |"), "has two rows `build`")
        self.fails("levels", page, LEVELS.replace("| parts |", "|"), "CONTRIBUTING.md:9: levels: a row of the table")
        self.fails("levels", page, LEVELS.replace("| parts |", "| |"), "CONTRIBUTING.md:9: levels: a row of the table")
        for text in ("# Contributing\n", LEVELS.replace("| level |", "| name |")):
            self.fails("levels", page, text, "CONTRIBUTING.md:1: levels: the table `level | budget | what it proves` is missing")
        self.fails("levels", script, SCRIPT_AT_TOP.replace("unit 60", "unit 60  net 5"), "the level `net` of run.sh has no row")
        for text, said in [("", "there are 0 lines `budgets=\"…\"`"), (SCRIPT_AT_TOP * 2, "there are 2 lines"), (SCRIPT_AT_TOP.replace("60", ""), "is not a list"),
                           (SCRIPT_AT_TOP.replace("60", "one"), "is not a list")]:
            self.fails("levels", script, text, said)


class Clang(unittest.TestCase):
    """clang.py on a build of two files; the second is what g++ takes and clang 14 does not."""

    def run_on(self, text, flags="-std=c++20 -Wall -Werror -Wno-maybe-uninitialized"):
        with tempfile.TemporaryDirectory() as folder:
            entries = []
            for name, source in (("good.cpp", "int main() {}\n"), ("other.cpp", text)):
                (Path(folder) / name).write_text(source)
                entries.append({"directory": folder, "file": name, "command": f"ccache c++ {flags} -o {name}.o -c {name}"})
            (Path(folder) / "compile_commands.json").write_text(json.dumps(entries if text else []))
            out = subprocess.run([sys.executable, str(SCRIPT.with_name("clang.py")), "--build", folder], capture_output=True, text=True)
            return out.returncode, out.stdout.splitlines(), out.stderr

    def test_what_it_takes(self):
        self.assertEqual(self.run_on("int f(int a) { return [a] { return a; }(); }\n"), (0, ["2 files, 0 refused"], ""))

    def test_what_it_refuses(self):
        pair = "struct P { int a, b; };\nint f(P p) {\n  const auto& [a, b] = p;\n  return [&] { return a + b; }();\n}\n"
        for text, place in ((pair, "other.cpp:4:23: error:"), ("#include \"gone.hpp\"\n", "other.cpp:1:10: fatal error:"), ("int f() { int a; return 0; }\n", "error: unused variable")):
            code, out, _ = self.run_on(text)
            self.assertEqual((code, out[-1], len(out)), (1, "2 files, 1 refused", 2), out)
            self.assertIn(place, out[0])

    def test_a_build_of_nothing_is_not_good(self):
        self.assertEqual(self.run_on("")[0], 1)


class Agent(unittest.TestCase):
    """Each rule of agent.py, on the real scripts with one change."""

    def run_on(self, file=None, old="", new=""):
        with tempfile.TemporaryDirectory() as folder:
            agent = Path(folder) / "src" / "agent"
            shutil.copytree(SCRIPT.parents[2] / "src" / "agent", agent)
            if file:
                text = (agent / file).read_text()
                self.assertIn(old, text)
                (agent / file).write_text(text.replace(old, new, 1))
            out = subprocess.run([sys.executable, str(SCRIPT.with_name("agent.py")), "--root", folder], capture_output=True, text=True)
            return out.returncode, out.stdout, out.stderr

    def fails(self, file, old, new, said):
        code, out, error = self.run_on(file, old, new)
        self.assertEqual((code, error), (1, ""), out)
        self.assertIn(said, out)

    def test_the_scripts_as_they_are_pass(self):
        code, out, error = self.run_on()
        self.assertEqual((code, error), (0, ""), out)

    def test_a_variable_that_no_file_sets_is_told_with_its_place(self):
        self.fails("turn.sh", 'held="$held$turn_n "', 'held="$hold$turn_n "', "src/agent/turn.sh:")
        self.fails("turn.sh", 'held="$held$turn_n "', 'held="$hold$turn_n "', "hold is referenced but not assigned")

    def test_what_one_shell_cannot_read_is_told(self):
        self.fails("process.sh", "${stat##*\\) }", "${stat##*) }", "src/agent/process.sh:1: ksh cannot read it")

    def test_a_name_is_given_once(self):
        self.fails("turn.sh", "no_room() {", "record() { :; }\nno_room() {", "record is in list.sh, too")

    def test_the_layout_is_as_it_is_read(self):
        self.fails("turn.sh", "no_room() {", "echo more\nno_room() {", "turn.sh:4: neither a function, a remark nor a setting")
        self.fails("turn.sh", "no_room() {", "open() {\n  :\n  }\nno_room() {", "open has no end before this")

    def test_a_program_is_checked_too(self):
        self.fails("programs/of_file.sh", 'exec "$@" -- "$f"', 'exec "$@" -- $f', "programs/of_file.sh:4: SC2086")

    def test_a_script_says_what_it_is_for(self):
        self.fails("turn.sh", "# Steps that", "x=\n# Steps that", "its first line says what it is for")


if __name__ == "__main__":
    unittest.main()
