#!/usr/bin/env python3
"""Tests of check_layers.py: small trees, each with one thing wrong."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import check_layers

DRAWING = """
tarn_layer(base   0)
tarn_layer(os     1 base)
tarn_layer(trace  1 base)
tarn_layer(source 2 base os)
tarn_layer(region 3 base os source)
tarn_layer(slab   3 base os source)
tarn_layer(record 5 base trace)
"""
SOUND = {
    "CMakeLists.txt": DRAWING,
    "tarn/tarn.hpp": '#include "tarn/region/region.hpp"\n',
    "tarn/base/bits.hpp": "#include <cstddef>\n",
    "tarn/os/pages.cpp": '#include "tarn/os/pages.hpp"\n#include <sys/mman.h>\n',
    "tarn/source/source.hpp": '#include "tarn/base/bits.hpp"\n',
    "tarn/region/region.hpp": '#include "tarn/source/source.hpp"\n',
    "tarn/slab/fixed_pool.hpp": '#include "tarn/source/source.hpp"\n',
    "tarn/region/region_test.cpp": '#include <unistd.h>\n#include "testing/model.hpp"\n',
    "tarn/record/record.hpp": '#include "tarn/trace/event.hpp"\n',
    "examples/start.cpp": '#include "tarn/tarn.hpp"\n',
}


class CheckLayers(unittest.TestCase):
    def found(self, changed_files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (SOUND | changed_files).items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return list(check_layers.violations(Path(folder)))

    def assert_found(self, changed_files, expected):
        found = self.found(changed_files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def test_a_sound_tree_passes(self):
        self.assertEqual(self.found({}), [])

    def test_upwards(self):
        self.assert_found({"tarn/base/up.hpp": '\n#include "tarn/os/pages.hpp"\n'},
                          "tarn/base/up.hpp:2: base may not include os")

    def test_sideways(self):
        self.assert_found({"tarn/slab/slab.cpp": '#include "tarn/region/region.hpp"\n'},
                          "slab may not include region")

    def test_a_pool_does_not_know_traces(self):
        self.assert_found({"tarn/region/x.cpp": '#  include "tarn/trace/event.hpp"\n'},
                          "region may not include trace")

    def test_the_drawing_gives_no_pool_the_traces(self):
        drawing = DRAWING.replace("(slab   3 base", "(slab   3 base trace")
        self.assert_found({"CMakeLists.txt": drawing}, "layer slab links trace")

    def test_the_drawing_goes_down(self):
        drawing = DRAWING.replace("(slab   3 base", "(slab   3 region base")
        self.assert_found({"CMakeLists.txt": drawing}, "slab (3) links region, not a lower one")

    def test_a_folder_outside_the_drawing(self):
        self.assert_found({"tarn/extra/extra.hpp": ""}, "tarn/extra: no tarn_layer() line")

    def test_system_calls(self):
        for header in ("unistd.h", "sys/mman.h", "pthread.h"):
            self.assert_found({"tarn/source/x.cpp": f"#include <{header}>\n"},
                              "only tarn/os/ makes system calls")

    def test_testing_is_for_tests(self):
        self.assert_found({"tarn/region/x.cpp": '#include "testing/model.hpp"\n'},
                          'a library file includes "tarn/<layer>/<file>" and no other')
        for example in ("examples/start.cpp", "examples/start.c"):
            self.assert_found({example: '#include "testing/model.hpp"\n'},
                              "an example uses only what a user has")

    def test_no_relative_include_and_no_umbrella(self):
        for name in ("bits.hpp", "../base/bits.hpp", "tarn/tarn.hpp"):
            self.assert_found({"tarn/region/x.cpp": f'#include "{name}"\n'},
                              "a library file includes")

    def test_cheap_headers_stay_cheap_through_all_they_include(self):
        found = self.found({"tarn/base/bits.hpp": "#include <memory>\n"})
        self.assertEqual(found, [f"tarn/base/bits.hpp:1: <memory> is too expensive for users of "
                                 f"{header}" for header in check_layers.CHEAP_HEADERS])

    def test_help_is_help(self):
        said = subprocess.run([sys.executable, "-B", check_layers.__file__, "--help"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("[ROOT]", said)


if __name__ == "__main__":
    unittest.main()
