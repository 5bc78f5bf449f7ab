#!/usr/bin/env python3
"""help_test.py BINARY: what `help COMMAND` says of each command that `help` lists: groups that are known, lines that fit, and
examples that use what the command has."""
import re
import shlex
import subprocess
import sys

BINARY = sys.argv[1]
GROUPS = ["What", "Hosts", "Secrets", "Output", "Examples"]


def say(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, check=True).stdout


def faults(command):
    text = say("help", command)
    if text != say(command, "--help"):
        yield "`--help` says another thing"
    lines = text.splitlines()
    if not lines[0].startswith(f"tidelab {command}"):
        yield f"it begins with {lines[0]!r}"
    headings = [line for line in lines[2:] if line and not line.startswith(" ")]
    if headings != [each for each in GROUPS if each in headings] or headings[-1] != "Examples":
        yield f"its groups are {headings}"
    yield from (f"longer than 100: {line}" for line in lines if len(line) > 100)
    yield from (f"the library's words: {line}" for line in lines if re.search(r"TEXT:|INT:|Excludes|:\{", line))
    examples = [line.strip() for line in lines[lines.index("Examples") + 1:]]
    if not 1 <= len(examples) <= 2:
        yield f"{len(examples)} examples"
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", "\n".join(lines[: lines.index("Examples")])))
    for example in examples:
        words = shlex.split(example.split(" > ")[0])
        ours = words[: words.index("--")] if "--" in words else words
        if ours[:2] != ["tidelab", command]:
            yield f"another command's example: {example}"
        yield from (f"an example with an option that it does not have: {word}" for word in ours[2:] if word.startswith("-") and word not in named)


commands = [line.split()[0] for line in say("help").splitlines() if re.match(r"  [a-z]+ +\S", line)]
assert len(commands) > 20, commands
found = [(command, fault) for command in commands for fault in faults(command)]
for command, fault in found:
    print(f"{command}: {fault}")
print(f"{len(commands)} commands, {len(found)} faults")
sys.exit(1 if found else 0)
