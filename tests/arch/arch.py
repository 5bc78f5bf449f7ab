#!/usr/bin/env python3
"""Holds the source tree to the rules of the house: who may include whom, which library lives where, no
product's name in the engine, and so on. Each rule is a function from a Tree to violations; arch_test.py
proves for each that it can fail. One line a violation, then `N checks, M violations`; exit 1 on any."""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Who may include whom, and where libraries live, stands in two tables of this page: their first two columns.
PAGE, ROOMS, LIBRARIES = "docs/architecture.md", ("room", "may include"), ("headers", "only in")
EVERYWHERE = "everywhere"
# The levels of tests with what each may take, and the script that holds them to it.
LEVELS_PAGE, LEVELS, LEVELS_SCRIPT = "CONTRIBUTING.md", ("level", "budget", "what it proves"), "run.sh"
# What stands at the top beside files that begin with a dot: the tree, one script, and what people and tools look for there.
TOP = {"CMakeLists.txt", "CMakePresets.json", "src", "topologies", "playbooks", "checks", "tests", "docs", "run.sh",
       "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"}
IN_HEADERS = ("fmt/", "tl/expected")
PRIVATE_HEADER_ROOMS = {"host", "client", "artifact"}  # a handle's RAII type must name the handle
SYSTEM = re.compile(r"[a-z_0-9]+$|(sys|netinet|arpa|net|linux|asm)/|(unistd|fcntl|malloc|signal|poll|pwd|grp|netdb|termios|spawn|pthread|errno|dirent|ifaddrs|"
                    r"stdlib|string|strings|time|stdio|limits|sched|glob|fnmatch|pty|syslog|utime|getopt|cxxabi)\.h$")

PRODUCTS = "flink zookeeper ticdc tikv jobmanager taskmanager pingcap debezium".split()
# Protocols are doors, and the engine has them; jre is a word of the playbook language, lib is a folder of helpers.
ALLOWED_NAMES = {"kafka", "mysql", "http", "sql", "jre", "lib"}

# What has one way in src/: a pattern, where it may stand, whether it is looked for in texts, too, and what to do instead.
ONE_WAY = [
    (re.compile(r"std::(?:jthread|thread)\b|\bpthread_create\b"), {"step/thread.hpp"}, False, "start it as a step::Thread: an exception of a bare thread ends the process"),
    (re.compile(r"\b(?:printf|fprintf|vprintf|puts|fputs|putchar|perror)\s*\(|fmt::print\b|std::clog\b|std(?:out|err)_(?:color_)?(?:sink|[ms]t)"), set(), False,
     "print by std::cout or std::cerr: what goes past them reaches the terminal as others sent it"),
    (re.compile(r"\\(?:x1b|033|e)\["), {"source/paint.cpp", "source/screen.cpp", "source/paint.hpp", "cli/progress.cpp"}, True, "use source::painted(): a sequence of others looks like this one"),
]
WAITS = re.compile(r"(?<![A-Za-z0-9_])(sleep_for|sleep_until|(?:usleep|nanosleep|sleep|system|popen)\s*\()")
# Spelled in two halves, so that this file does not break its own rule.
HOSTS = [a + b for a, b in [("proxy.", "golang.org"), ("repo1.", "maven.org"), ("repo.", "maven.apache.org"), ("pypi", ".org"), ("files.", "pythonhosted.org"),
                            ("registry.", "npmjs.org"), ("deb.", "debian.org"), ("crates", ".io")]]
# A site that a project's own files come from is said where archives are described, and played in tests.
OFFICIAL_SITES = {"playbooks/lib/flink.yaml", "tests/sources/internet.py", "tests/sources/sources_test.py"}
PATHS = re.compile(r"(?<![A-Za-z0-9_.\-}])/(?:work|root)" + "/")
HOST_NAMES = re.compile(r"(?<![A-Za-z0-9.\-])(?:" + "|".join(map(re.escape, HOSTS)) + r")(?![A-Za-z0-9\-])")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Tree:
    def __init__(self, root, build, cxx="g++", walk=False):
        self.root, self.build, self.cxx, self.walk = Path(root), Path(build), cxx, walk
        self.code = sorted(p for p in (self.root / "src").rglob("*") if p.suffix in (".cpp", ".hpp"))
        self.scripts = sorted((self.root / "src").rglob("*.sh"))
        self.tests = sorted(p for p in (self.root / "tests").rglob("*") if p.suffix in (".cpp", ".hpp"))

    def name(self, path, line):
        return f"{path.relative_to(self.root)}:{line}"

    def room(self, path):
        return path.relative_to(self.root / "src").parts[0]

    def includes(self, path):
        for number, text in enumerate(lines(path), 1):
            if found := INCLUDE.match(text):
                yield number, found[1] == '"', found[2]


def lines(path):
    return path.read_text(errors="replace").splitlines()


def without_comments_and_texts(text):
    """The same lines, with comments and the insides of literals blanked."""
    token = re.compile(r'R"([^(\s]*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'')
    return token.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


class Unreadable(Exception):
    """A table that is not there, or that is none: where, and why."""


def table(tree, page, columns):
    """The rows of the one table of a page that begins with these columns, as (line, cells), the cells without backquotes."""
    path, found, inside = tree.root / page, [], False
    name = " | ".join(columns)
    heads = 0
    for number, text in enumerate(lines(path) if path.is_file() else [], 1):
        cells = [cell.strip().strip("`") for cell in text.strip().strip("|").split("|")] if text.lstrip().startswith("|") else []
        if tuple(cells[:len(columns)]) == columns:
            inside, heads, width = True, heads + 1, len(cells)
        elif not cells:
            inside = False
        elif inside and not all(set(cell) <= set("-:") for cell in cells):
            if len(cells) != width or not all(cells[:len(columns)]):
                raise Unreadable(f"{page}:{number}", f"a row of the table `{name}` that cannot be read")
            found.append((number, cells))
    if heads != 1 or not found:
        raise Unreadable(f"{page}:1", f"the table `{name}` is {'there twice' if heads > 1 else 'missing or empty'}")
    if double := next((cells[0] for i, (_, cells) in enumerate(found) if cells[0] in [c[0] for _, c in found[:i]]), None):
        raise Unreadable(f"{page}:1", f"the table `{name}` has two rows `{double}`")
    return found


def names(tree, page, number, text, known):
    """A list of rooms in a cell; `–` stands for none."""
    out = [] if text == "–" else [each.strip() for each in text.split(",")]
    if odd := next((each for each in out if each not in known), None):
        raise Unreadable(f"{page}:{number}", f"`{odd}` is not a room of the table")
    return set(out)


def rooms_of(tree):
    rows = table(tree, PAGE, ROOMS)
    known = {cells[0] for _, cells in rows}
    return {cells[0]: (number, names(tree, PAGE, number, cells[1], known)) for number, cells in rows}


def libraries_of(tree):
    """How the headers of a library begin, and the rooms that it is confined to (None: everywhere)."""
    known = set(rooms_of(tree))
    return [(cells[0], None if cells[1] == EVERYWHERE else names(tree, PAGE, number, cells[1], known)) for number, cells in table(tree, PAGE, LIBRARIES)]


def include_table(tree):
    rooms = rooms_of(tree)
    for room, (number, _) in rooms.items():
        if not (tree.root / "src" / room).is_dir():
            yield f"{PAGE}:{number}", f"there is no room src/{room}"
    for path in tree.code:
        room = tree.room(path)
        if room not in rooms:
            yield tree.name(path, 1), f"`{room}` is not a room of the table"
            continue
        may = rooms[room][1] | {room}
        for number, ours, name in tree.includes(path):
            if not ours:
                continue
            if not (tree.root / "src" / name).is_file():
                yield tree.name(path, number), f'"{name}" is not a file under src/'
            elif name.split("/")[0] not in may:
                yield tree.name(path, number), f"{room} may not include {name.split('/')[0]}"


def include_cycles(tree):
    graph = {str(p.relative_to(tree.root / "src")): [(n, name) for n, ours, name in tree.includes(p) if ours] for p in tree.code}
    done, told = set(), set()

    def visit(at, trail):
        for number, to in graph.get(at, []):
            if to in trail:
                ring = trail[trail.index(to):] + [to]
                if frozenset(ring) not in told:
                    told.add(frozenset(ring))
                    yield f"src/{at}:{number}", "includes go in a circle: " + " -> ".join(ring)
            elif to not in done:
                yield from visit(to, trail + [to])
        done.add(at)

    for start in graph:
        if start not in done:
            yield from visit(start, [start])


def libraries(tree):
    table_of_libraries = libraries_of(tree)
    for path in tree.code:
        room, header = tree.room(path), path.suffix == ".hpp"
        private = header and room in PRIVATE_HEADER_ROOMS and any("private" in t.lower() for t in lines(path)[:3] if t.startswith("//"))
        for number, ours, name in tree.includes(path):
            row = next((row for row in table_of_libraries if name.startswith(row[0])), None)
            if ours or (row is None and SYSTEM.match(name)):
                continue
            if row is None:
                yield tree.name(path, number), f"<{name}> is of no library in the table"
            elif row[1] is not None and room not in row[1]:
                yield tree.name(path, number), f"<{name}> is confined to {', '.join(sorted(row[1]))}"
            elif header and not private and not name.startswith(IN_HEADERS):
                yield tree.name(path, number), f"<{name}> in a header"


def product_words(tree):
    words = set(PRODUCTS)
    playbooks = tree.root / "playbooks"
    words |= {p.name.lower() for p in playbooks.glob("*") if p.is_dir()}
    for path in playbooks.rglob("*.yaml"):
        for text in lines(path):
            if found := re.match(r"\s*(?:section|component):\s*[\"']?([A-Za-z0-9_\-]+)", text):
                words.add(found[1].lower())
    return {re.sub(r"[^a-z0-9]", "", w) for w in words - ALLOWED_NAMES}


def product_names(tree):
    words = product_words(tree)
    for path in tree.code + tree.scripts:
        for number, text in enumerate(lines(path), 1):
            for token in re.findall(r"[A-Za-z0-9_]+", text):
                parts = [p.lower() for p in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", token)]
                runs = {"".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)}
                for word in sorted(words & (runs | {token.lower()})):
                    yield tree.name(path, number), f"`{token}` holds the name `{word}`"


def lists_and_lengths(tree):
    for path in tree.code:
        cmake = path.parent / "CMakeLists.txt"
        listed = cmake.is_file() and re.search(rf"(?<![\w./-]){re.escape(path.name)}(?![\w.-])", re.sub(r"#[^\n]*", "", cmake.read_text()))
        if path.suffix == ".cpp" and not listed:
            yield tree.name(path, 1), "is not named in the CMakeLists.txt of its folder"
        length = len(lines(path))
        if length > 400:
            yield tree.name(path, 401), f"{length} lines, 400 are the most"
        elif length > 300:
            print(f"warning: {tree.name(path, 301)}: {length} lines, more than 300")


def waits(tree):
    for path in tree.code + tree.tests:
        for number, text in enumerate(without_comments_and_texts(path.read_text(errors="replace")).splitlines(), 1):
            if found := WAITS.search(text):
                yield tree.name(path, number), f"`{found[1].rstrip('( ')}`: wait for a condition; run commands through a host"


def one_way(tree):
    for path in tree.code:
        text = path.read_text(errors="replace")
        plain, code = text.splitlines(), without_comments_and_texts(text).splitlines()
        for pattern, where, in_texts, instead in ONE_WAY:
            if str(path.relative_to(tree.root / "src")) in where:
                continue
            for number, line in enumerate(plain if in_texts else code, 1):
                if found := pattern.search(line):
                    yield tree.name(path, number), f"`{found[0].rstrip('( ')}`: {instead}"


def headers_alone(tree):
    store = tree.build / "headers.json"
    version = subprocess.run([tree.cxx, "--version"], capture_output=True, text=True).stdout
    good = set(json.loads(store.read_text())) if store.is_file() else set()

    def closure(path, seen):
        if path not in seen and path.is_file():
            seen.add(path)
            for _, ours, name in tree.includes(path):
                if ours:
                    closure(tree.root / "src" / name, seen)
        return seen

    def digest(path):
        text = "\0".join([version, str(path.relative_to(tree.root))] + [str(p) + p.read_text(errors="replace") for p in sorted(closure(path, set()))])
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()

    def compile_alone(item):
        path, key = item
        command = [tree.cxx, "-std=c++20", "-fsyntax-only", "-I", str(tree.root / "src"), "-x", "c++", "-"]
        out = subprocess.run(command, input=f'#include "{path.relative_to(tree.root / "src")}"\n', capture_output=True, text=True)
        first = next((t for t in out.stderr.splitlines() if "error" in t), out.stderr[:200])
        return path, key, out.returncode == 0, first

    # What some file includes first of all is compiled alone with it (clang.py).
    first = {next(((ours, name) for _, ours, name in tree.includes(p)), None) for p in tree.code if p.suffix == ".cpp"}
    keys = {p: digest(p) for p in tree.code if p.suffix == ".hpp" and (True, str(p.relative_to(tree.root / "src"))) not in first}
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = list(pool.map(compile_alone, [(p, k) for p, k in keys.items() if k not in good]))
    tree.build.mkdir(parents=True, exist_ok=True)
    store.write_text(json.dumps(sorted((good & set(keys.values())) | {k for _, k, fine, _ in results if fine})))
    yield from ((tree.name(p, 1), f"does not compile alone: {first}") for p, _, fine, first in results if not fine)


def files_of(tree):
    if not tree.walk:
        command = ["git", "-C", str(tree.root), "-c", f"safe.directory={tree.root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        return [tree.root / n for n in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0") if n]
    return [p for p in tree.root.rglob("*") if p.is_file() and not {".git", "build"} & set(p.relative_to(tree.root).parts)]


def this_machine(tree):
    for path in sorted(set(files_of(tree))):
        if not path.is_file() or b"\0" in (data := path.read_bytes())[:8192]:
            continue
        for number, text in enumerate(data.decode(errors="replace").splitlines(), 1):
            if found := PATHS.search(text):
                yield tree.name(path, number), f"a path of one machine: {found[0]}"
            if (found := HOST_NAMES.search(text)) and str(path.relative_to(tree.root)) not in OFFICIAL_SITES:
                yield tree.name(path, number), f"the host of a registry: {found[0]}"


def codes(tree):
    """Each code that src/ or a playbook can tell has a page, and each page a code that can be told."""
    pages = {p.stem for p in (tree.root / "docs" / "explain").glob("*.md")}
    told = {}
    for path in tree.code:
        for number, text in enumerate(lines(path), 1):
            for code in re.findall(r'"([A-Z][0-9]{3})"', text):
                told.setdefault(code, tree.name(path, number))
    for path in sorted((tree.root / "playbooks").rglob("*.yaml")):
        for number, text in enumerate(lines(path), 1):
            if found := re.search(r"\bcode:\s*[\"']?([A-Z][0-9]{3})\b", text):
                told.setdefault(found[1], tree.name(path, number))
    for code, place in told.items():
        if code not in pages:
            yield place, f"{code} has no page docs/explain/{code}.md"
    for code in sorted(pages - set(told)):
        yield f"docs/explain/{code}.md:1", f"nothing tells {code}"


def rule_cases(tree):
    """Each code of a playbook's rule is explained, is told by one of its golden cases, and is not told by another."""
    page = tree.root / "docs" / "diagnostics.md"
    known = set(re.findall(r"\b[A-Z][0-9]{3}\b", page.read_text())) if page.is_file() else set()
    told = set()
    for path in sorted((tree.root / "playbooks").glob("*/playbook.yaml")):
        for number, text in enumerate(lines(path), 1):
            found = re.match(r"\s*(?:- )?(?:\{\s*)?code: *([A-Z][0-9]{3})\b", text)
            if not found or found[1] in told:
                continue
            code = found[1]
            told.add(code)
            said = [case.read_text().partition("\n=== stderr\n")[2] for case in sorted((tree.root / "tests" / "golden" / code).glob("*.case"))]
            if code not in known:
                yield tree.name(path, number), f"{code} is not in docs/diagnostics.md"
            if not any(f"[{code}]" in each for each in said):
                yield tree.name(path, number), f"no case in tests/golden/{code} breaks the rule"
            if all(f"[{code}]" in each for each in said):
                yield tree.name(path, number), f"no case in tests/golden/{code} keeps the rule"


def top_level(tree):
    for name in sorted({p.relative_to(tree.root).parts[0] for p in files_of(tree) if p.exists()}):
        if name not in TOP and not name.startswith("."):
            yield f"{name}:1", "does not belong at the top: put it into one of the folders"


def levels(tree):
    """The table of levels and the script's budgets say the same."""
    script = tree.root / LEVELS_SCRIPT
    budgets = re.findall(r'^budgets="([^"]*)"$', script.read_text(), re.M) if script.is_file() else []
    if len(budgets) != 1:
        raise Unreadable(f"{LEVELS_SCRIPT}:1", f"there are {len(budgets)} lines `budgets=\"…\"`, and there must be one")
    words = budgets[0].split()
    if len(words) % 2 or not all(each.isdigit() for each in words[1::2]):
        raise Unreadable(f"{LEVELS_SCRIPT}:1", "`budgets` is not a list of levels and seconds")
    allowed = dict(zip(words[::2], words[1::2]))
    rows = table(tree, LEVELS_PAGE, LEVELS)
    for number, (level, budget, *_) in rows:
        if level not in allowed:
            yield f"{LEVELS_PAGE}:{number}", f"{LEVELS_SCRIPT} has no level `{level}`"
        elif budget != f"{allowed[level]} s":
            yield f"{LEVELS_PAGE}:{number}", f"the budget of `{level}` is {budget} here, and {allowed[level]} s in {LEVELS_SCRIPT}"
    for level in allowed:
        if level not in [cells[0] for _, cells in rows]:
            yield f"{LEVELS_PAGE}:{rows[0][0]}", f"the level `{level}` of {LEVELS_SCRIPT} has no row"


def told(check, tree):
    try:
        yield from check(tree)
    except Unreadable as why:
        yield why.args


CHECKS = [include_table, include_cycles, libraries, product_names, lists_and_lengths, waits, one_way, headers_alone, this_machine, codes, rule_cases, top_level, levels]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True)
    parser.add_argument("--build", required=True, help="where what is known of headers is kept")
    parser.add_argument("--cxx", default="g++")
    parser.add_argument("--walk", action="store_true", help="look at all files of the tree, not at what git would commit")
    parser.add_argument("--only", help="one check, by name", choices=[c.__name__ for c in CHECKS])
    options = parser.parse_args()
    tree = Tree(Path(options.root).resolve(), Path(options.build).resolve(), options.cxx, options.walk)
    if not tree.code:
        sys.exit(f"{tree.root}/src holds no code: nothing was checked")
    chosen = [c for c in CHECKS if options.only in (None, c.__name__)]
    count = 0
    for check in chosen:
        for place, what in told(check, tree):
            count += 1
            print(f"{place}: {check.__name__}: {what}")
    print(f"{len(chosen)} checks, {count} violations")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
