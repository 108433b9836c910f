#!/usr/bin/env python3
"""Tests of check_house.py: small trees, each with one thing wrong."""

import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

import check_house

HEADER = """\
// tarn/base/thing.hpp - a thing.
//
// Threads:    any.
// Failure:    none.

#pragma once

class Thing {
  int value_;
};
"""
SOUND = {
    "README.md": "# tarn\n\n[docs](docs/page.md)\n\n```cpp\nint main() {}\n```\n",
    "ARCHITECTURE.md": "`docs/` `examples/` `scripts/` `tarn/base/` `test/`\n",
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n",
    "Makefile": "test:\n\tscripts/run\n",
    "docs/page.md": "A page.\n",
    "examples/start.cpp": "int main() {}\n",
    "scripts/run": "#!/bin/sh\n",
    "tarn/base/thing.hpp": HEADER,
    "tarn/base/thing.cpp": '#include "tarn/base/thing.hpp"\n',
    "tarn/base/thing_fuzz.cpp": "",
    "test/corpus/thing/input": "\xff data of any kind\t\n\n",
    "test/traces/recorded/thing.tarn": "\xff a binary trace\t\n\n",
    "test/misuse/CMakeLists.txt": "foreach(name IN ITEMS double_free)\nendforeach()\n",
    "test/misuse/double_free.cpp": "int main() {}\n",
}


SCRIPT = Path(check_house.__file__).resolve()


def long_function(lines):
    return "void grow() {\n" + "  work();\n" * (lines - 2) + "}\n"


class CheckHouse(unittest.TestCase):
    def found(self, changed_files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (SOUND | changed_files).items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return list(check_house.violations(Path(folder)))

    def assert_found(self, changed_files, *expected):
        found = self.found(changed_files)
        self.assertEqual(len(found), len(expected), found)
        for text, message in zip(expected, found):
            self.assertIn(text, message)

    def test_a_sound_tree_passes(self):
        self.assertEqual(self.found({}), [])

    def test_characters(self):
        for line, message in (("caf\u00e9", "docs/page.md:1: not ASCII"),
                              ("x" * 101, "101 columns, 100 at most"),
                              ("x ", "white space at the end"),
                              ("a\tb", "a tab")):
            self.assert_found({"docs/page.md": line + "\n"}, message)
        self.assert_found({"docs/page.md": "no end"}, "does not end with one newline")
        self.assertEqual(self.found({"docs/page.md": "|" + "x" * 200 + "|\n"}), [])

    def test_postponed_work(self):
        self.assert_found({"docs/page.md": "\nTO" "DO: more\n"}, "docs/page.md:2: TO" "DO")

    def test_dead_files(self):
        for path in ("scripts/forgotten", "docs/forgotten.md", "cmake/forgotten.cmake",
                     "test/misuse/forgotten.cpp", "test/corpus/forgotten/input"):
            architecture = SOUND["ARCHITECTURE.md"] + "`cmake/`\n"
            self.assert_found({path: "\n", "ARCHITECTURE.md": architecture},
                              f"{path}: nothing leads to this file")
        header = HEADER.replace("thing.hpp", "forgotten.hpp")
        self.assert_found({"tarn/base/forgotten.hpp": header}, "tarn/base/forgotten.hpp: nothing")

    def test_a_python_file_lives_when_one_beside_it_imports_it(self):
        files = {"scripts/part.py": "", "scripts/run": "#!/usr/bin/env python3\nimport part\n"}
        self.assertEqual(self.found(files), [])
        self.assert_found(files | {"scripts/run": "import parting\n"}, "part.py: nothing leads")

    def test_a_python_file_lives_when_its_package_is_asked_for_it(self):
        for line in ("from parts import one, part", "from parts.part import thing"):
            files = {"scripts/parts/part.py": "", "scripts/run": f"{line}\n"}
            self.assertEqual(self.found(files), [])
        self.assert_found({"scripts/parts/part.py": "", "scripts/run": "from parts import one\n"},
                          "part.py: nothing leads")

    def test_a_mention_in_the_changelog_keeps_nothing_alive(self):
        changelog = SOUND["CHANGELOG.md"] + "- scripts/forgotten\n"
        self.assert_found({"scripts/forgotten": "\n", "CHANGELOG.md": changelog},
                          "scripts/forgotten: nothing leads")

    def test_function_lengths(self):
        at_most = check_house.FUNCTION_LINES_MAX
        self.assertEqual(self.found({"examples/x.cpp": long_function(at_most)}), [])
        self.assert_found({"examples/x.cpp": long_function(at_most + 1)},
                          f"grow() has {at_most + 1} lines, {at_most} at most")
        self.assert_found({"examples/x.c": long_function(at_most + 1)}, "grow() has")
        self.assert_found({"scripts/run_test.py": "def grow():\n" + "    work()\n" * at_most},
                          f"grow() has {at_most + 1} lines")
        self.assert_found({"scripts/run": "#!/usr/bin/env python3\ndef grow():\n" +
                           "    work()\n" * at_most}, f"grow() has {at_most + 1} lines")

    def test_recorded_functions_only_shrink(self):
        code = {"examples/x.cpp": long_function(70)}
        recorded = check_house.RATCHET
        alive = {"Makefile": SOUND["Makefile"] + f"\t{recorded}\n"}
        for lines, expected in ((70, ()), (69, ("grow() has 70 lines, 69 at most",)),
                                (71, ("grow has shrunk to 70 lines",))):
            ratchet = {recorded: f"# why\nexamples/x.cpp grow {lines}\n"}
            self.assert_found(code | alive | ratchet, *expected)
        self.assert_found(alive | {recorded: "examples/x.cpp grow 70\n"}, "is no more")
        at_most = check_house.FUNCTION_LINES_MAX
        for lines in (at_most, at_most + 1):
            self.assert_found(alive | {"examples/x.cpp": long_function(at_most),
                                       recorded: f"examples/x.cpp grow {lines}\n"},
                              "grow is short now: remove the line")

    def test_functions_are_recognised(self):
        code = textwrap.dedent("""\
            namespace a {
            #define BODY {
            struct alignas(64) Box : Base {
              Box() : value_{1} {
                if (true) {
                }
              }
              int value_{0};
              bool operator==(const Box&) const { return '{' != "}"[0]; }
            };
            constexpr int table[] = {
              1, 2,
            };
            template <typename T>
            T
            twice(T value) {
              return 2 * value;  // }
            }
            }  // namespace a
            """)
        self.assertEqual([pair for pair in check_house.cpp_functions(code) if pair[1] > 1],
                         [("Box", 4), ("twice", 5)])
        self.assertIn(("operator==", 1), list(check_house.cpp_functions(code)))

    def test_headers(self):
        path = "tarn/base/thing.hpp"
        self.assert_found({path: HEADER.replace("#pragma once\n", "")}, "no #pragma once")
        self.assert_found({path: "//\n" + HEADER}, 'begins with "// tarn/base/thing.hpp - "')
        self.assert_found({path: HEADER.replace("Threads", "Strings")}, "// Threads:")
        self.assert_found({path: HEADER.replace("Failure", "Success")}, "// Failure:")
        no_class = HEADER.replace("Threads", "Strings").replace("class", "enum class")
        self.assertEqual(self.found({path: no_class}), [])

    def test_the_umbrella_covers_what_users_include(self):
        path = "tarn/region/thing.hpp"
        header = HEADER.replace("tarn/base/thing.hpp", path)
        use = {"ARCHITECTURE.md": SOUND["ARCHITECTURE.md"] + "`tarn/` `tarn/region/`\n",
               "tarn/region/thing.cpp": f'#include "{path}"\n', path: header}
        umbrella = "// tarn/tarn.hpp - all.\n\n#pragma once\n\n"
        reach = {"examples/x.cpp": '#include "tarn/tarn.hpp"\n'}
        self.assert_found(use | reach | {"tarn/tarn.hpp": umbrella + f"// {path}\n"},
                          f"{path}: not in tarn/tarn.hpp")
        self.assertEqual(self.found(
            use | reach | {"tarn/tarn.hpp": umbrella + f'#include "{path}"\n'}), [])

    def test_every_detail_left_out_of_the_umbrella_exists(self):
        for path in check_house.DETAILS:
            self.assertTrue((SCRIPT.parent.parent / path).is_file(), path)

    def test_help_is_help(self):
        said = subprocess.run([sys.executable, "-B", SCRIPT, "--help"], capture_output=True,
                              text=True, check=True).stdout
        self.assertIn("[ROOT]", said)

    def test_code_map(self):
        self.assert_found({"ARCHITECTURE.md": "`docs/` `examples/` `scripts/` `test/`\n"},
                          "the code map does not name `tarn/base/`")

    def test_changelog(self):
        start = "# Changelog\n\n## Unreleased\n\n"
        self.assert_found({"CHANGELOG.md": "# Changes\n\n## Unreleased\n"}, "begins with")
        self.assert_found({"CHANGELOG.md": "# Changelog\n\n## 1.0.0 - 2030-01-01\n"},
                          "begins with")
        self.assert_found({"CHANGELOG.md": start + "## 1.0\n"}, 'section "1.0" is not')
        self.assert_found({"CHANGELOG.md": start + "### New\n"}, '"New" is not Added')
        self.assert_found(
            {"CHANGELOG.md": start + "## 0.9.0 - 2030-01-01\n\n## 0.10.0 - 2030-01-02\n"},
            "newest version comes first")

    def test_pages(self):
        self.assert_found({"docs/page.md": "[gone](../gone.md#part)\n"}, "../gone.md leads nowhere")
        self.assertEqual(self.found({"docs/page.md": "[back](../README.md), [all](../tarn)\n"}), [])
        self.assert_found({"examples/start.cpp": "int main() { }\n"}, "no example contains")
        piece = "```cpp\nauto call = [](int) {};\n```\n"
        self.assert_found({"docs/page.md": piece}, "docs/page.md: no example contains")
        inside = "int main() {\n  auto call = [](int) {};\n}\n"
        self.assertEqual(self.found({"docs/page.md": piece, "examples/inside.cpp": inside}), [])
        in_c = {"docs/page.md": "```c\nint count = 0;\n```\n"}
        self.assert_found(in_c, "docs/page.md: no example contains")
        self.assertEqual(self.found(in_c | {"examples/count.c": "int count = 0;\n"}), [])

    def test_tidy_reasons(self):
        tidy = "# some-check: as it is.\nChecks: >\n  bugprone-*,\n  -some-check,\n"
        self.assertEqual(self.found({".clang-tidy": tidy}), [])
        self.assert_found({".clang-tidy": tidy + "  -other-check,\n"}, "other-check is off")


if __name__ == "__main__":
    unittest.main()
