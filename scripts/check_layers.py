#!/usr/bin/env python3
"""Holds every #include of tarn/ and examples/ against the layer drawing in CMakeLists.txt.

    scripts/check_layers.py [ROOT]

A library file includes files of its own folder and of the layers named in its tarn_layer() line.
Tests, benchmarks and fuzzers are users of the library: they may include all of it, and testing/.
"""

import argparse
import re
import sys
from pathlib import Path

LAYER = re.compile(r"^tarn_layer\((\w+)\s+(\d+)([\w\s]*)\)", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
USER_OF_THE_LIBRARY = re.compile(r"_(test|bench|fuzz)\.cpp$")

# Only tarn/os/ talks to the operating system.
SYSTEM = re.compile(r"^((sys|linux|asm|bits)/.*|(unistd|fcntl|pthread|sched|poll|dlfcn|signal"
                    r"|malloc|spawn|semaphore|ucontext|execinfo|numa\w*)\.h)$")

# Recording is a decorator: trace/ knows no pool, and no pool knows trace/.
MAY_KNOW_TRACE = {"trace_file", "record", "replay", "trial", "c"}

# Headers of single-threaded things cost a translation unit hundredths of a second; each of these
# standard headers alone costs tenths.
CHEAP_HEADERS = ["tarn/source/source.hpp", "tarn/region/region.hpp",
                 "tarn/slab/fixed_pool.hpp"]
EXPENSIVE = {"atomic", "functional", "iostream", "memory", "memory_resource", "mutex", "span",
             "sstream", "string", "string_view", "thread"}


def includes(path):
    """Yields (line number, is it <...>, name) for each #include of the file."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match[1] == "<", match[2]


def read_layers(root):
    """Returns {layer: (level, set of the layers it may include)}."""
    text = (root / "CMakeLists.txt").read_text(encoding="utf-8")
    return {m[1]: (int(m[2]), set(m[3].split())) for m in LAYER.finditer(text)}


def check_drawing(root, layers):
    for layer, (level, lower_layers) in layers.items():
        for lower in sorted(lower_layers):
            if lower not in layers or layers[lower][0] >= level:
                yield f"CMakeLists.txt: layer {layer} ({level}) links {lower}, not a lower one"
        if "trace" in lower_layers and layer not in MAY_KNOW_TRACE:
            yield f"CMakeLists.txt: layer {layer} links trace; only decorators know about traces"
    for folder in sorted((root / "tarn").iterdir()):
        if folder.is_dir() and folder.name not in layers:
            yield f"tarn/{folder.name}: no tarn_layer() line in CMakeLists.txt"


def check_library_file(root, path, layers):
    layer = path.parent.name
    _, lower_layers = layers.get(layer, (0, set()))
    for line, is_standard, name in includes(path):
        place = f"{path.relative_to(root)}:{line}"
        folder = name.split("/")[1] if name.startswith("tarn/") and "/" in name[5:] else None
        if is_standard:
            if SYSTEM.match(name) and layer != "os":
                yield f"{place}: <{name}>: only tarn/os/ makes system calls"
        elif folder is None:
            yield f'{place}: "{name}": a library file includes "tarn/<layer>/<file>" and no other'
        elif folder != layer and folder not in lower_layers:
            yield f"{place}: {layer} may not include {folder} (see tarn_layer in CMakeLists.txt)"


def check_example(root, path):
    for line, is_standard, name in includes(path):
        if not is_standard and name.startswith("testing/"):
            yield f"{path.relative_to(root)}:{line}: an example uses only what a user has"


def check_cheap_header(root, name):
    """Walks everything the header includes, directly or not."""
    seen, waiting = set(), [name]
    while waiting:
        header = waiting.pop()
        if header in seen or not (root / header).exists():
            continue
        seen.add(header)
        for line, is_standard, included in includes(root / header):
            if not is_standard:
                waiting.append(included)
            elif included in EXPENSIVE:
                yield f"{header}:{line}: <{included}> is too expensive for users of {name}"


def violations(root):
    layers = read_layers(root)
    yield from check_drawing(root, layers)
    for path in sorted((root / "tarn").glob("*/*.[ch]*")):
        if not USER_OF_THE_LIBRARY.search(path.name):
            yield from check_library_file(root, path, layers)
    for path in sorted((root / "examples").rglob("*.[ch]*")):
        yield from check_example(root, path)
    for name in CHEAP_HEADERS:
        yield from check_cheap_header(root, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="ROOT", nargs="?", type=Path,
                        default=Path(__file__).parent.parent, help="default: this repository")
    root = parser.parse_args().root.resolve()
    if not (root / "CMakeLists.txt").is_file():
        parser.error(f"{root} has no CMakeLists.txt")
    found = list(violations(root))
    print("\n".join(found) if found else "layers: every include goes down the drawing")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
