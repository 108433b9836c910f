#!/usr/bin/env python3
"""Runs one misuse program and holds its end against the head of its source (see CMakeLists.txt).

    expect.py <source> <program> <checking> [asan|valgrind|plain]

Without a tool, or with none ("plain"), the program must be stopped by SIGABRT with exactly the
expected text on stderr, or, where "nothing" is expected, exit with 0 and print nothing there. With
a tool its report must have the expected lines, in that order. <address>, <line>, <file> and <calls>
stand for what differs from build to build.
"""

import os
import re
import shutil
import signal
import subprocess
import sys

SKIPPED = 77
PLACEHOLDERS = {"<address>": "0x[0-9a-f]+", "<line>": "[0-9]+", "<file>": "[a-z_.]+",
                "<calls>": r" misuse_[a-z_]+( [a-z_0-9.]+)+"}
TOOL_EXIT_CODE = 99


def expected_lines(source, head):
    """The lines of the block that starts with `head`; each further line is indented by four."""
    lines = []
    for line in open(source, encoding="ascii"):
        line = line.rstrip("\n")
        if line.startswith(head):
            lines.append(line[len(head):].strip())
        elif lines and line.startswith("//     "):
            lines.append(line[2:].strip())
        elif lines:
            break
    return [line for line in lines if line]


def as_pattern(text):
    pattern = re.escape(text)
    for placeholder, replacement in PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(placeholder), replacement)
    return pattern


def exact_end(lines):
    """The exit status and the pattern of all of stderr for a run without a tool."""
    if lines == ["nothing"]:
        return 0, ""
    # Where it breaks a line, so may the program.
    return -signal.SIGABRT, as_pattern(" ".join(lines)).replace("\\ ", r"\s") + "\n"


def main():
    source, program, checking = sys.argv[1:4]
    tool = sys.argv[4] if len(sys.argv) > 4 else ""
    head = f"// Expect {checking} {tool}".rstrip() + ":"
    lines = expected_lines(source, head)

    command = [program]
    if tool == "valgrind":
        if shutil.which("valgrind") is None:
            print("skipped: valgrind is not installed (apt-get install valgrind)")
            return SKIPPED
        command = ["valgrind", "--quiet", f"--error-exitcode={TOOL_EXIT_CODE}", program]
    # Clang 19's sanitizer looks for a symbolizer of its own version only, and any one does.
    symbolizer = shutil.which("llvm-symbolizer")
    environment = dict(os.environ, ASAN_OPTIONS=f"exitcode={TOOL_EXIT_CODE}" + (
        f":external_symbolizer_path={symbolizer}" if symbolizer else ""))
    environment.pop("TARN_CHECKING", None)
    if checking != "automatic":
        environment["TARN_CHECKING"] = checking
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    # No name of a function is found in that of a folder.
    report = run.stderr.replace(os.path.commonpath([os.path.abspath(source), program]), "")

    if tool not in ("", "plain") and lines != ["nothing"]:
        status, pattern = TOOL_EXIT_CODE, "(?s).*" + ".*".join(map(as_pattern, lines)) + ".*"
    else:
        status, pattern = exact_end(lines)
    if run.returncode == status and re.fullmatch(pattern, report):
        return 0
    print(f"{head}\nexit status {run.returncode}, expected {status}; stderr, which should match\n"
          f"    {pattern}\nwas\n{report}")
    return 1


sys.exit(main())
