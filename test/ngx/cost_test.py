#!/usr/bin/env python3
"""What a call of nginx's pools costs must not grow with what the pool holds.

    cost_test.py PROGRAM      the program built from cost.c

Instructions per call, counted by callgrind. nginx's own pool probes five old chunks for each block,
69 after a reset of 4096 blocks, and walks half its list of large blocks in each ngx_pfree().
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop()


def instructions_per_call(operation, count):
    """Returns what callgrind counts within the measured function, per call."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=measured_*",
                        f"--callgrind-out-file={out}", PROGRAM, operation, str(count)],
                       check=True, capture_output=True,
                       env=dict(os.environ, TARN_CHECKING="off"))
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    return int(total[1]) / count


class Cost(unittest.TestCase):
    """Few against many."""

    def test_allocating_from_many_chunks(self):
        few, many = (instructions_per_call("fresh", count) for count in (16, 4096))
        self.assertGreater(few, 10)
        self.assertLess(many, 2 * few)

    def test_allocating_after_a_reset(self):
        few, many = (instructions_per_call("again", count) for count in (64, 4096))
        self.assertGreater(few, 10)
        self.assertLess(many, 1.1 * few)

    def test_freeing_large_blocks(self):
        few, many = (instructions_per_call("pfree", count) for count in (100, 10000))
        self.assertGreater(few, 10)
        self.assertLess(many, 2 * few)


if __name__ == "__main__":
    unittest.main()
