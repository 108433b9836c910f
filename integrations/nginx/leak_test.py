#!/usr/bin/env python3
"""A worker's memory does not grow over 200 000 mixed requests: leak_test.py [TEST...]"""

import sys
import unittest

sys.dont_write_bytecode = True
import load  # noqa: E402


class Leak(unittest.TestCase):
    """One worker of nginx with tarn."""

    def test_rss_is_flat(self):
        with load.Site() as site, load.running(site, "tarn") as front:
            samples = []
            for _ in range(4):
                load.ask_mixed(front, 50000)
                samples.append(front.rss_bytes() // 1024)
        print("worker's RSS after 50, 100, 150 and 200 thousand requests, KiB:", *samples)
        # A leak of one byte a request would be 146 KiB.
        self.assertLessEqual(samples[-1] - samples[0], 16)


if __name__ == "__main__":
    unittest.main()
