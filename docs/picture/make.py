#!/usr/bin/env python3
"""What tidelab prints, as a picture: terminal output with its colours becomes an SVG.

make.py --binary TIDELAB            runs `tidelab validate lab.yaml` here and writes validate.svg
make.py --binary TIDELAB --check    the same, and says whether validate.svg is what comes out today
make.py --captured FILE COMMAND     output that was captured elsewhere (--colour always), to stdout"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "validate.svg"
COMMAND = ["validate", "lab.yaml"]

SIZE, WIDE, HIGH, EDGE = 14, 8.43, 20, 16  # of a font, a character, a line, the margin
COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea", 90: "#8b949e"}
PLAIN, GROUND, PROMPT = "#e6edf3", "#0d1117", "#8b949e"
SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m")


def spans(line):
    """The pieces of a line, each with its colour and whether it is bold."""
    colour, bold, at = PLAIN, False, 0
    for found in [*SEQUENCE.finditer(line), None]:
        text = line[at:found.start() if found else len(line)]
        if text:
            yield text, colour, bold
        if found is None:
            return
        at = found.end()
        for number in (int(n or 0) for n in found[1].split(";")):
            if number == 0:
                colour, bold = PLAIN, False
            elif number == 1:
                bold = True
            elif number == 2:
                colour = PROMPT
            else:
                colour = COLOURS.get(number, colour)


def svg(command, output):
    lines = [f"\x1b[90m$\x1b[0m \x1b[1m{command}\x1b[0m", *output.rstrip("\n").split("\n")]
    wide = max(len(SEQUENCE.sub("", line)) for line in lines)
    width, height = round(2 * EDGE + wide * WIDE), 2 * EDGE + HIGH * len(lines)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
           f"<title>{escape(command)}</title>",
           f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
           f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{SIZE}" xml:space="preserve">']
    for number, line in enumerate(lines):
        column = 0
        for text, colour, bold in spans(line):
            if text.strip():
                lead = len(text) - len(text.lstrip(" "))
                shown = text.strip(" ")
                x, y = EDGE + (column + lead) * WIDE, EDGE + HIGH * (number + 1) - 6
                weight = ' font-weight="bold"' if bold else ""
                # The length is said, so that columns stand below each other whatever the font.
                out.append(f'<text x="{x:.1f}" y="{y}" fill="{colour}"{weight} textLength="{len(shown) * WIDE:.1f}">{escape(shown)}</text>')
            column += len(text)
    return "\n".join([*out, "</g>", "</svg>"]) + "\n"


def validated(binary):
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TIDELAB_HOME": str(HERE.parent.parent), "HOME": str(HERE),
           **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}}
    ran = subprocess.run([Path(binary).resolve(), *COMMAND, "--colour", "always"], cwd=HERE, env=env, capture_output=True, text=True)
    if ran.returncode != 65:
        sys.exit(f"`tidelab {' '.join(COMMAND)}` ended with {ran.returncode}: {ran.stdout}{ran.stderr}")
    return ran.stderr + ran.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--captured", nargs=2, metavar=("FILE", "COMMAND"))
    options = parser.parse_args()
    if options.captured:
        sys.stdout.write(svg(options.captured[1], Path(options.captured[0]).read_text()))
        return
    if not options.binary:
        parser.error("--binary or --captured")
    made = svg("tidelab " + " ".join(COMMAND), validated(options.binary))
    if not options.check:
        PICTURE.write_text(made)
    elif not PICTURE.is_file() or PICTURE.read_text() != made:
        sys.exit(f"docs/picture/{PICTURE.name} is not what tidelab prints; renew it: docs/picture/make.py --binary build/release/tidelab")
    else:
        print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
