#!/usr/bin/env python3
"""Checks the rules of the house that a compiler does not: see CONTRIBUTING.md.

    scripts/check_house.py [ROOT]

Each rule is a function that takes a Tree and yields what is wrong, and RULES lists them.
"""

import argparse
import ast
import os
import re
import sys
from pathlib import Path

COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 40
RATCHET = "scripts/long_functions.txt"
# Headers of these layers are in tarn/tarn.hpp, but for those that no user includes by name.
PUBLIC = re.compile(r"^tarn/(source|region|slab|arena|buffer|adapt)/\w+\.hpp$")
DETAILS = {
    "tarn/adapt/pool_blocks.hpp": "what the two pool adapters share",
    "tarn/arena/arena_core.hpp": "the inside of Arena",
    "tarn/arena/arena_options.hpp": "the beginning of arena.hpp",
    "tarn/arena/batch_length.hpp": "how many free blocks a thread keeps",
    "tarn/arena/chunk.hpp": "the memory of an arena",
    "tarn/arena/chunk_lists.hpp": "a member of a shard",
    "tarn/arena/chunk_table.hpp": "a member of a shard",
    "tarn/arena/depot.hpp": "what the threads of an arena leave for each other",
    "tarn/arena/handle.hpp": "what the original calls a block",
    "tarn/arena/list_cache.hpp": "the free blocks of a thread, in lists",
    "tarn/arena/queue_cache.hpp": "the free blocks of a thread, as the original keeps them",
    "tarn/arena/shard.hpp": "a lock of an arena",
    "tarn/arena/size_classes.hpp": "which block a request gets, four sizes to a doubling",
    "tarn/arena/size_rules.hpp": "which block a request gets",
    "tarn/arena/subpage.hpp": "a page of an arena",
    "tarn/arena/thread_binding.hpp": "which cache a thread has",
    "tarn/arena/thread_cache.hpp": "what the two caches of a thread share",
    "tarn/arena/page_map.hpp": "the fast path of Arena",
    "tarn/arena/thread_lists.hpp": "the fast path of Arena",
    "tarn/buffer/buffer_block.hpp": "what a Buffer points at",
    "tarn/buffer/buffer_errors.hpp": "the errors of buffers and chains",
    "tarn/buffer/byte_order.hpp": "the numbers of NumberAccess",
    "tarn/buffer/call_site.hpp": "an argument of buffers and pools",
    "tarn/buffer/leak_watch.hpp": "a member of BufferPool",
    "tarn/buffer/number_access.hpp": "a base of Buffer and BufferChain",
    "tarn/region/large_table.hpp": "a member of Region",
    "tarn/region/region_detail.hpp": "for region*.cpp only",
    "tarn/region/region_guard.hpp": "a member of Region",
    "tarn/region/region_make.hpp": "the end of region.hpp",
    "tarn/region/region_options.hpp": "the beginning of region.hpp",
    "tarn/slab/magazine.hpp": "members of SlabCache",
    "tarn/slab/slab_shape.hpp": "the beginning of slabs.hpp",
    "tarn/slab/slabs.hpp": "what the pools of tarn/slab/ stand on",
    "tarn/slab/slot_records.hpp": "for slabs*.cpp only",
    "tarn/slab/thread_magazines.hpp": "the fast path of SlabCache",
    "tarn/slab/unrolled_list.hpp": "where a FixedPool notes what is free",
    "tarn/source/chunk_class.hpp": "the bins of ChunkCache",
}
SKIPPED_FOLDERS = {".git", "build", ".cache", "__pycache__"}
DATA = re.compile(r"^test/corpus/|^test/traces/recorded/.*\.tarn$")

# Files that tools and people find by their well-known names.
ENTRANCES = re.compile(r"^(.*/)?README\.md$|^(ARCHITECTURE|CONTRIBUTING|CHANGELOG)\.md$"
                       r"|^LICENSE$|^Makefile$"
                       r"|^CMake(Lists\.txt|Presets\.json)$|^\.[a-z-]+$|^\.ci/run$"
                       r"|^(.*/)?\.clang-tidy$"
                       r"|^scripts/\w+_test\.py$")
# Files that cmake/ and the tests find by pattern.
FOUND_BY_PATTERN = re.compile(r"^(tarn/\w+|testing)/\w+\.cpp$|^examples/\w+\.c(pp)?$"
                              r"|^(examples|bench|tool)/(.*/)?CMakeLists\.txt$"
                              r"|^test/.*\.(txt|trace|steps|tarn)$")


class Tree:
    """The files of the repository: {path: text}, data files left out, and all paths."""

    def __init__(self, root):
        self.paths = sorted(
            path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()
            and not SKIPPED_FOLDERS & set(path.relative_to(root).parts))
        self.texts = {path: (root / path).read_text(encoding="utf-8", errors="replace")
                      for path in self.paths if not DATA.match(path)}

    def matching(self, pattern):
        return ((path, text) for path, text in self.texts.items() if re.search(pattern, path))


def check_characters(tree):
    for path, text in tree.texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            is_table = path.endswith(".md") and line.startswith("|")
            if not line.isascii():
                yield f"{path}:{number}: not ASCII"
            if len(line) > COLUMNS_MAX and not is_table:
                yield f"{path}:{number}: {len(line)} columns, {COLUMNS_MAX} at most"
            if line != line.rstrip():
                yield f"{path}:{number}: white space at the end of the line"
            if "\t" in line and path != "Makefile":
                yield f"{path}:{number}: a tab"
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{path}: the file does not end with one newline"


def check_postponed_work(tree):
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    for path, text in tree.texts.items():
        for match in words.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{number}: {match[0]}: do it now or open an issue"


def is_reached(path, tree):
    """True if a build rule, an #include, a script or a page leads to the file."""
    if ENTRANCES.match(path) or FOUND_BY_PATTERN.match(path):
        return True
    if DATA.match(path):
        fuzzer = f"/{path.split('/')[2]}_fuzz.cpp"
        return any(other.endswith(fuzzer) for other in tree.paths)
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    for above in Path(path).parents:
        build_rules = tree.texts.get((above / "CMakeLists.txt").as_posix(), "")
        from_here = Path(path).relative_to(above)
        named = re.search(rf"\b{re.escape(from_here.with_suffix('').as_posix())}\b", build_rules)
        globbed = re.search(rf"GLOB [^)]*{re.escape((from_here.parent / '*').as_posix())}",
                            build_rules)
        if above != Path(".") and (named or globbed):
            return True
    is_header = path.endswith((".hpp", ".h"))
    whole = re.compile(rf'#include "{re.escape(path)}"' if is_header else re.escape(path))
    beside = re.compile(rf'#include "{re.escape(name)}"' if is_header else
                        rf"(?<![\w./]){re.escape(name)}(?!\w)|(?<=/){re.escape(name)}(?!\w)")
    if path.endswith(".py"):
        package = folder.rpartition("/")[2]
        whole = re.compile(rf"{whole.pattern}|^from {package}\.{stem} import"
                           rf"|^from {package} import .*\b{stem}\b", re.M)
        beside = re.compile(rf"{beside.pattern}|^(import|from) {re.escape(stem)}\b", re.M)
    for other, text in tree.texts.items():
        if other == path or other == "CHANGELOG.md":
            continue
        if whole.search(text) or f"include({stem})" in text:
            return True
        if other.rpartition("/")[0] == folder and beside.search(text):
            return True
    return False


def check_dead_files(tree):
    for path in tree.paths:
        if not is_reached(path, tree):
            yield f"{path}: nothing leads to this file; name it where it is used or remove it"


def code_alone(text):
    """Blanks comments, strings, directives and attributes, keeping every newline."""
    pattern = (r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
               r"|^[ \t]*#(?:\\\n|[^\n])*|alignas\([^()]*\)|\[\[.*?\]\]")
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text,
                  flags=re.S | re.M)


def cpp_functions(text):
    """Yields (name, lines) of each function: a block that is no namespace, type or data, and lies
    in none but namespaces and types. A body after member initialisers has its function's name."""
    type_or_namespace = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")
    text = code_alone(text)
    open_blocks, head_start, name = [], 0, ""
    for match in re.finditer(r"[{};]", text):
        head = text[head_start:match.start()].strip()
        head_start = match.end()
        line = text.count("\n", 0, match.start())
        if match[0] == "{":
            if any(kind != "scope" for kind, _ in open_blocks) or head.endswith("="):
                kind = "block"
            else:
                kind = "scope" if type_or_namespace.search(head) else "function"
            if kind == "function" and "(" in head:
                name = re.search(r"([\w:~]*(operator\S+)?)\s*\(", head)[1]
            open_blocks.append((kind, line - head.count("\n")))
        elif match[0] == "}" and open_blocks:
            kind, first_line = open_blocks.pop()
            if kind == "function":
                yield name, line - first_line + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def functions_of(path, text):
    if path.endswith(".py") or text.startswith("#!/usr/bin/env python3\n"):
        return python_functions(text)
    return cpp_functions(text) if path.endswith((".cpp", ".hpp", ".h", ".c")) else ()


def check_function_lengths(tree):
    """A function over the bound is recorded with its length, and may only become shorter."""
    recorded = {}
    for line in tree.texts.get(RATCHET, "").splitlines():
        if line and not line.startswith("#"):
            path, name, lines = line.split()
            recorded[path, name] = int(lines)
    for path, text in tree.texts.items():
        for name, lines in functions_of(path, text):
            before = recorded.pop((path, name), None)
            allowed = before or FUNCTION_LINES_MAX
            if lines > allowed:
                yield f"{path}: {name}() has {lines} lines, {allowed} at most"
            elif before and lines <= FUNCTION_LINES_MAX:
                yield f"{RATCHET}: {path} {name} is short now: remove the line"
            elif before and lines < before:
                yield f"{RATCHET}: {path} {name} has shrunk to {lines} lines: record that"
    for path, name in recorded:
        yield f"{RATCHET}: {path} {name} is no more: remove the line"


def check_headers(tree):
    for path, text in tree.matching(r"^(tarn|testing)/.*\.hpp$"):
        head = text.split("#pragma once")[0]
        if "\n#pragma once\n" not in text:
            yield f"{path}: no #pragma once"
        if not re.match(rf"// {re.escape(path)} - \w", text):
            yield f'{path}: begins with "// {path} - " and one sentence'
        if path.startswith("tarn/") and re.search(r"^class \w+[^;]*\{", text, re.M):
            for label in ("Threads:", "Failure:"):
                if f"\n// {label} " not in head:
                    yield f'{path}: a header with a class says "// {label}" in its head comment'


def check_umbrella(tree):
    umbrella = tree.texts.get("tarn/tarn.hpp", "")
    for path, _ in tree.matching(PUBLIC):
        if path not in DETAILS and f'#include "{path}"\n' not in umbrella:
            yield f"{path}: not in tarn/tarn.hpp; add it, or to DETAILS of scripts/check_house.py"


def check_code_map(tree):
    text = tree.texts.get("ARCHITECTURE.md", "")
    folders = {"/".join(path.split("/")[:2 if path.startswith("tarn/") else 1]) + "/"
               for path in tree.paths if "/" in path.removeprefix("tarn/")}
    for folder in sorted(folders - {".ci/"}):
        if f"`{folder}`" not in text:
            yield f"ARCHITECTURE.md: the code map does not name `{folder}`"


def check_changelog(tree):
    text = tree.texts.get("CHANGELOG.md", "")
    sections = re.findall(r"^## (.*)$", text, re.M)
    if not text.startswith("# Changelog\n") or sections[:1] != ["Unreleased"]:
        yield 'CHANGELOG.md: begins with "# Changelog", its first section is "## Unreleased"'
    for section in sections[1:]:
        if not re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", section):
            yield f'CHANGELOG.md: section "{section}" is not "1.2.3 - 2030-12-31"'
    versions = [tuple(map(int, re.findall(r"\d+", section)[:3])) for section in sections[1:]]
    if versions != sorted(versions, reverse=True):
        yield "CHANGELOG.md: the newest version comes first"
    for heading in re.findall(r"^### (.*)$", text, re.M):
        if heading not in ("Added", "Changed", "Fixed", "Removed"):
            yield f'CHANGELOG.md: "{heading}" is not Added, Changed, Fixed or Removed'


def check_pages(tree):
    """Links between pages lead somewhere, and their C++ and C are part of examples, which run."""
    def without_indentation(code):
        return re.sub(r"^ +", "", code, flags=re.M)

    examples = [without_indentation(text) for _, text in tree.matching(r"^examples/.*\.c(pp)?$")]
    for path, text in tree.matching(r"\.md$"):
        prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
            target = os.path.normpath(Path(path).parent / link)
            if not any(other == target or other.startswith(target + "/") for other in tree.paths):
                yield f"{path}: the link to {link} leads nowhere"
        for code in re.findall(r"^```c(?:pp)?\n(.*?)^```", text, re.M | re.S):
            if not any(without_indentation(code) in example for example in examples):
                yield f"{path}: no example contains the code that begins with {code[:40]!r}"


def check_tidy_reasons(tree):
    text = tree.texts.get(".clang-tidy", "")
    reasons = " ".join(re.findall(r"^# ([^:]*): ", text, re.M)).replace(",", "").split()
    for check in re.findall(r"^ +-([^,]+),$", text, re.M):
        if check not in reasons:
            yield f".clang-tidy: {check} is off without a reason"


RULES = [check_characters, check_postponed_work, check_dead_files, check_function_lengths,
         check_headers, check_umbrella, check_code_map, check_changelog, check_pages,
         check_tidy_reasons]


def violations(root):
    tree = Tree(root)
    for rule in RULES:
        yield from rule(tree)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="ROOT", nargs="?", type=Path,
                        default=Path(__file__).parent.parent, help="default: this repository")
    root = parser.parse_args().root.resolve()
    if not root.is_dir():
        parser.error(f"{root} is no folder")
    found = list(violations(root))
    print("\n".join(found) if found else "house: in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
