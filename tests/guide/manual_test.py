#!/usr/bin/env python3
"""manual_test.py BINARY: the page of the manual has every command, option, exit code and variable that there is, and is what two
programs that read such pages take without a word."""
import pathlib
import re
import subprocess
import sys

BINARY = sys.argv[1]
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
FOUND = []


def say(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, check=True).stdout


def check(good, what):
    if not good:
        FOUND.append(what)


def as_read(page):
    """The page as somebody reads it who has a very wide terminal: no line is broken, no word cut."""
    done = subprocess.run(["groff", "-man", "-Tutf8", "-K", "utf8", "-ww", "-P-cbou", "-rLL=2000n", "-rHY=0"], input=page, capture_output=True, text=True, check=True)
    check(done.stderr == "", f"groff: {done.stderr}")
    return done.stdout


def part(text, heading):
    return re.search(rf"^{heading}$\n(.*?)(?=^\S|\Z)", text, re.M | re.S)[1]


page = say("help", "--format", "man")
text = as_read(page)
commands = [line.split()[0] for line in say("help").splitlines() if re.match(r"  [a-z]+ +\S", line)]
assert len(commands) > 20, commands
for command in commands:
    helped = say("help", command).split("\nExamples\n")
    check(re.search(rf"^ +tidelab {command}( |$)", part(text, "COMMANDS"), re.M), f"{command} is not there")
    for example in helped[1].splitlines():
        check(re.sub(" +", " ", example.strip()) in re.sub(" +", " ", text), f"an example is not there: {example}")
    for option in re.findall(r"^  (-\S.*?)(?:   .*)?$", helped[0], re.M):
        if option.startswith("-- "):
            continue
        own = part(text, "COMMANDS").split(f"tidelab {command}")[1]
        shared = re.search(rf"^ +{re.escape(option)}(?: |$)(?:.*\n?.*?)(Of every command|Of (?:[a-z]+, )*{command}[,.])", part(text, "OPTIONS"), re.M)
        check(shared or re.search(rf"^ +{re.escape(option)}( |$)", own, re.M), f"{command} has {option}, and the page does not say so")
codes = re.findall(r"^inline constexpr int exit_\w+ = (\d+);", (SOURCE / "report/exit_code.hpp").read_text(), re.M)
assert len(codes) == 8, codes
told = re.findall(r"^ {7}(\d+) ", part(text, "EXIT STATUS"), re.M)
check(told == codes, f"exit codes are {codes}, and it tells {told}")
variables = set()
for path in SOURCE.rglob("*.cpp"):
    code = path.read_text()
    if "getenv(" in code:  # by its name, or by that of a function which asks for it
        variables |= set(re.findall(r'(?:getenv|says|absolute)\("(\w+)"\)', code))
assert {"TIDELAB_HOME", "NO_COLOR", "XDG_STATE_HOME"} <= variables, variables
for each in sorted(variables):
    check(re.search(rf"\b{each}\b", part(text, "ENVIRONMENT")), f"the variable {each} is not there")
headings = re.findall(r"^\S.*$", text, re.M)[1:-1]
check(headings == ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXIT STATUS", "FILES", "ENVIRONMENT", "EXAMPLES", "SEE ALSO"], f"its parts are {headings}")
lint = subprocess.run(["mandoc", "-T", "lint"], input=page, capture_output=True, text=True).stdout
check(lint == "", f"mandoc: {lint}")
for each in FOUND:
    print(each)
print(f"{len(commands)} commands, {len(FOUND)} faults")
sys.exit(1 if FOUND else 0)
