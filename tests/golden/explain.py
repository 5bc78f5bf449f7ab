#!/usr/bin/env python3
"""The pages of `tidelab explain`: each wrong example gives exactly the code of its page, each right one nothing at all.

A page is docs/explain/CODE.md: `# CODE: title`, the story, a paragraph that begins `**Do:**`, then `## Wrong` and
`## Right` with fenced examples. A fence `yaml` is lab.yaml, `yaml NAME` the file of that name below the directory of
playbooks and checks, `sh` the command in place of `tidelab validate --strict lab.yaml` (or of `tidelab playbooks`,
where an example has no topology).

--write makes the tables of docs/diagnostics.md from the pages; without it, they are compared."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HOME = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = HOME / "docs" / "explain"
INDEX = HOME / "docs" / "diagnostics.md"
MARK = "<!-- What follows is made from docs/explain: tests/golden/explain.py --write -->\n"
LETTERS = {"U": "the file", "Y": "the text is not YAML as it is read here", "T": "the topology", "R": "rules that playbooks state about a topology",
           "S": "a step of a playbook or a check", "P": "a playbook", "C": "a check", "L": "making a plan",
           "G": "a template of topologies"}
FENCE = re.compile(r"^```(yaml|sh)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
TOLD = re.compile(r"^(?:error|warning)\[([A-Z]\d{3})\]", re.M)


class Page:
    def __init__(self, path):
        self.code = path.stem
        self.text = path.read_text()
        head = re.match(r"# ([A-Z]\d{3}): (.+)\n", self.text)
        parts = re.split(r"^## (Wrong|Right)$", self.text, flags=re.M)
        do = re.search(r"^\*\*Do:\*\* (.+?)\n\n", parts[0], re.M | re.S)
        self.faults = []
        if not head or head[1] != self.code:
            self.faults.append(f"does not begin `# {self.code}: …`")
        if not do:
            self.faults.append("has no paragraph that begins `**Do:**`")
        if parts[1::2] != ["Wrong", "Right"]:
            self.faults.append("has no `## Wrong` followed by `## Right`")
        self.title = head[2] if head else ""
        self.do = " ".join(do[1].split()) if do else ""
        self.examples = dict(zip(parts[1::2], parts[2::2]))


def run_example(text, binary):
    """The codes that come back, the exit code, and all that was said."""
    with tempfile.TemporaryDirectory(prefix="tidelab-explain-") as scratch:
        scratch = pathlib.Path(scratch)
        home, work, bin_dir = scratch / "home", scratch / "work", scratch / "bin"
        for each in (work, bin_dir):
            each.mkdir(parents=True)
        for folder in ("playbooks", "checks", "topologies/templates"):
            (home / folder).mkdir(parents=True)
            for each in (HOME / folder).iterdir():
                (home / folder / each.name).symlink_to(each)
        (home / "docs").symlink_to(HOME / "docs")
        (bin_dir / "tidelab").symlink_to(binary)
        command, with_topology = None, False
        for kind, name, body in FENCE.findall(text):
            if kind == "sh":
                command = body
                continue
            path = home / name if name else work / "lab.yaml"
            with_topology = with_topology or not name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body)
        command = command or ("tidelab validate --strict lab.yaml" if with_topology else "tidelab playbooks")
        env = {"PATH": f"{bin_dir}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(scratch), "TIDELAB_HOME": str(home)}
        env.update({name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ})
        done = subprocess.run(["sh", "-c", command], cwd=work, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        said = done.stderr.decode(errors="replace")
        return set(TOLD.findall(said)), done.returncode, said


def check(page, binary, quick):
    """What goes wrong is printed by `binary`; where nothing is said, the quick program says it as well."""
    if page.faults:
        return page.faults
    faults = []
    told, code, said = run_example(page.examples["Wrong"], binary)
    also = set(re.findall(r"\(([A-Z]\d{3})\)", page.text))  # a page may name what else the same slip gives
    if page.code not in told or told - also - {page.code} or code != 65:
        faults.append(f"the wrong example gives {', '.join(sorted(told)) or 'nothing'} and exit code {code}\n{said}")
    told, code, said = run_example(page.examples["Right"], quick)
    if code != 0 or said:
        faults.append(f"the right example is not clean: exit code {code}\n{said}")
    return faults


def make_index(pages):
    out = []
    for letter, what in LETTERS.items():
        rows = [page for page in pages if page.code.startswith(letter)]
        if rows:
            out.append(f"\n## {letter}: {what}\n| code | means | do |\n|---|---|---|\n")
            cell = lambda text: text.replace("|", "\\|")
            out += [f"| [{page.code}](explain/{page.code}.md) | {cell(page.title)} | {cell(page.do)} |\n" for page in rows]
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--quick", help="the program of the right examples, where --binary is a sanitized one")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("only", nargs="*", help="only these codes")
    args = parser.parse_args()
    pages = [Page(path) for path in sorted(PAGES.glob("*.md"))]
    head, mark, below = INDEX.read_text().partition(MARK)
    failed = 0
    if not mark:
        sys.exit(f"{INDEX} has no line `{MARK.strip()}`")
    if args.write:
        INDEX.write_text(head + MARK + make_index(pages))
    elif below != make_index(pages):
        failed += 1
        print("FAILED docs/diagnostics.md is not what the pages say; run tests/golden/explain.py --write")
    if args.binary:
        binary, quick = (pathlib.Path(each).resolve() for each in (args.binary, args.quick or args.binary))
        chosen = [page for page in pages if not args.only or page.code in args.only]
        with ThreadPoolExecutor(2) as pool:
            for page, faults in zip(chosen, pool.map(lambda each: check(each, binary, quick), chosen)):
                failed += bool(faults)
                for fault in faults:
                    print(f"FAILED docs/explain/{page.code}.md {fault}")
        print(f"{len(chosen)} pages, {failed} failed")
        failed += not chosen
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
