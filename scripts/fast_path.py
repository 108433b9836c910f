#!/usr/bin/env python3
"""Counts the instructions of the fast paths and holds them against the golden files.

    scripts/fast_path.py g++            compare with test/golden/fast_path.g++-12.txt
    scripts/fast_path.py g++ --update   write that file: a change on purpose

A fast path is followed from a function's first instruction to its return, each conditional jump
not taken, since compilers lay the likely way straight. Exit code 77 says there is nothing to
compare: the compiler is not here, or no golden file is for its version.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "test/golden"
FLAGS = ["-std=c++20", "-O2", "-DNDEBUG", f"-I{ROOT}", "-c"]
SKIPPED = 77
KINDS = ["instructions", "compares", "branches", "jumps", "loads", "stores", "prefetches",
         "calls", "locked"]


def output_of(*command):
    """Runs `command` and returns what it prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def functions_of(compiler):
    """Compiles the probe; returns {function: [(address, mnemonic, operands), ...]}."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = f"{folder}/fast_path.o"
        subprocess.run([compiler, *FLAGS, FOLDER / "fast_path.cpp", "-o", compiled], check=True)
        text = output_of("objdump", "-d", "--no-show-raw-insn", "-j", ".text", compiled)
    functions = {}
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+ <(\w+)>:$", line)
        body = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)$", line)
        if head:
            current = functions.setdefault(head[1], [])
        elif body:
            current.append((int(body[1], 16), body[2], body[3]))
    return functions


def straight_way(instructions):
    """Yields the instructions from the first to the return, no conditional jump taken."""
    by_address = {address: index for index, (address, _, _) in enumerate(instructions)}
    index = 0
    while index < len(instructions):
        _, mnemonic, operands = instructions[index]
        yield mnemonic, operands
        if mnemonic.startswith("ret"):
            return
        target = re.match(r"([0-9a-f]+) ", operands) if mnemonic == "jmp" else None
        index = by_address[int(target[1], 16)] if target else index + 1


def operands_in_memory(operands):
    """Returns whether the first operands, and whether the last one, are in memory."""
    split = re.split(r",(?![^(]*\))", operands)
    return any("(" in operand for operand in split[:-1]), "(" in split[-1]


def is_locked(mnemonic, operands):
    """Returns whether it is an atomic read-modify-write; xchg with memory is without a prefix."""
    return mnemonic == "lock" or (mnemonic.startswith("xchg") and "(" in operands)


def count(instructions):
    """Returns how many instructions of each kind the fast path has."""
    counts = dict.fromkeys(KINDS, 0)
    for mnemonic, operands in straight_way(instructions):
        if re.match(r"(nop|endbr|data16|cs$|xchg %ax,%ax)", mnemonic):
            continue
        counts["instructions"] += 1
        counts["locked"] += is_locked(mnemonic, operands)
        compares = re.match(r"(cmp|test)", mnemonic)
        source, target = operands_in_memory(operands)
        if mnemonic == "jmp":
            counts["jumps"] += 1
        elif mnemonic.startswith("j"):
            counts["branches"] += 1
        elif mnemonic.startswith("call"):
            counts["calls"] += 1
        elif mnemonic.startswith("prefetch"):
            counts["prefetches"] += 1
        elif compares:
            counts["compares"] += 1
            counts["loads"] += source or target
        elif not mnemonic.startswith("lea"):
            reads_target = target and not mnemonic.startswith(("mov", "set", "push", "pop"))
            counts["loads"] += source or reads_target
            counts["stores"] += target
    return counts


def described(compiler):
    """Returns the golden file's text for what `compiler` makes now."""
    lines = [f"{'call':24}" + "".join(f"{kind:>{len(kind) + 1}}" for kind in KINDS)]
    for name, instructions in functions_of(compiler).items():
        counts = count(instructions)
        lines.append(f"{name:24}" + "".join(f"{counts[kind]:>{len(kind) + 1}}" for kind in KINDS))
    return "\n".join(lines) + "\n"


def main():
    """Compares or updates; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compiler", help="g++, clang++ or clang++-19")
    parser.add_argument("--update", action="store_true", help="write the golden file")
    arguments = parser.parse_args()
    if shutil.which(arguments.compiler) is None:
        print(f"fast_path: no {arguments.compiler} here")
        return SKIPPED
    version = output_of(arguments.compiler, "-dumpversion").strip().split(".")[0]
    name = re.sub(r"-\d+$", "", arguments.compiler)
    golden = FOLDER / f"fast_path.{name}-{version}.txt"
    now = described(arguments.compiler)
    if arguments.update:
        golden.write_text(now)
        return 0
    if not golden.exists():
        print(f"fast_path: no {golden.name}: nothing to compare")
        return SKIPPED
    if golden.read_text() == now:
        return 0
    print(f"fast_path: not as in {golden.relative_to(ROOT)}; now it is\n\n{now}\n"
          f"If that is what you want: scripts/fast_path.py {arguments.compiler} --update")
    return 1


if __name__ == "__main__":
    sys.exit(main())
