#!/usr/bin/env python3
"""What the shared library shows to the programs that are linked with it.

    shared_library_test.py ROOT LIBRARY SONAME
"""

import pathlib
import re
import subprocess
import sys
import unittest

SONAME = sys.argv.pop()
LIBRARY = sys.argv.pop()
ROOT = pathlib.Path(sys.argv.pop())
DECLARED = set(re.findall(r"^TARN_API[^;]*?\b(tarn_\w+)\([^;]*\) TARN_NOTHROW;",
                          (ROOT / "tarn/c/tarn.h").read_text(encoding="utf-8"),
                          re.MULTILINE))


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class SharedLibrary(unittest.TestCase):
    def test_shows_what_the_header_declares_and_nothing_else(self):
        shown = [line.split()[-1] for line in
                 output_of("nm", "-D", "--defined-only", LIBRARY).splitlines()]
        self.assertGreater(len(DECLARED), 40)
        self.assertEqual(sorted(shown), sorted(DECLARED))

    def test_is_found_by_its_versioned_name(self):
        dynamic = output_of("readelf", "-d", LIBRARY)
        self.assertEqual(re.findall(r"\(SONAME\).*\[(.*)\]", dynamic), [SONAME])

    def test_every_function_is_called_from_c(self):
        program = (ROOT / "test/c/every_call.c").read_text(encoding="utf-8")
        called = set(re.findall(r"\b(tarn_\w+)\(", program))
        self.assertEqual(sorted(DECLARED - called), [])


if __name__ == "__main__":
    unittest.main()
