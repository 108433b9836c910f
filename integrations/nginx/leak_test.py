#!/usr/bin/env python3
"""A worker's memory does not grow over 200 000 mixed requests: leak_test.py [TEST...]

Two measures, because RSS under load is a matter of chance: a worker is as large as the most
requests that ever met made it, and a new record, 20 KiB more, may come at any time. Requests that
come one at a time never meet: RSS must stand still. Under load the number of bytes in use must
(in_use.c). That both would see one byte a request leak is tried each time.
"""

import os
import pathlib
import re
import signal
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
import load  # noqa: E402
import servers  # noqa: E402

SAMPLE_COUNT = 5
REQUEST_COUNT = 40000  # before each sample
# From the first sample to the last; a byte a request would be 156 KiB. What moves by chance: each
# of up to 32 connections to the backend has a pool of 128 bytes.
GROWTH_BYTES_MAX = 8192


def anonymous_bytes(front):
    """Returns the worker's RSS without what is pages of files, which come and go as they please."""
    text = pathlib.Path(f"/proc/{front.worker()}/smaps_rollup").read_text()
    return 1024 * int(re.search(r"^Anonymous: +(\d+) kB", text, re.MULTILINE)[1])


def bytes_in_use(front):
    """Returns what in_use.c says of the worker."""
    worker = front.worker()
    path = front.folder / f"in_use.{worker}"
    path.unlink(missing_ok=True)
    time.sleep(0.1)  # it is to be idle, not within malloc
    os.kill(worker, signal.SIGRTMIN)
    end = time.monotonic() + servers.PATIENCE_S
    while time.monotonic() < end:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return int(text)
        time.sleep(0.01)
    raise RuntimeError("the worker does not say what it has in use")


class Leak(unittest.TestCase):
    """One worker of nginx with tarn."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="nginx_leak_")
        cls.addClassCleanup(folder.cleanup)
        cls.library = pathlib.Path(folder.name) / "in_use.so"
        load.run("gcc", "-shared", "-fPIC", "-O1", f"-I{servers.ROOT}", servers.HERE / "in_use.c",
                 "-o", cls.library)
        cls.site = cls.enterClassContext(load.Site())

    def growth_bytes(self, sample, connection_count, leak):
        """Returns by how much sample(front) grew from the first time to the last."""
        count = REQUEST_COUNT // 2 if leak else REQUEST_COUNT
        environment = {"LD_PRELOAD": str(self.library), "LEAK": leak}
        with load.running(self.site, "tarn", environment=environment) as front:
            samples = []
            for _ in range(SAMPLE_COUNT):
                load.ask_mixed(front, count, connection_count)
                samples.append(sample(front))
        print(f"{sample.__name__} each {count} requests, {connection_count} at a time, "
              f"leaking {leak or 'nothing'}:", *samples, flush=True)
        return samples[-1] - samples[0]

    def check(self, sample, connection_count, leaks):
        """Nothing grows, and would if there were one of these leaks."""
        self.assertLessEqual(self.growth_bytes(sample, connection_count, ""), GROWTH_BYTES_MAX)
        for leak in leaks:
            with self.subTest(leak):
                self.assertGreater(self.growth_bytes(sample, connection_count, leak),
                                   4 * GROWTH_BYTES_MAX)

    def test_rss_is_flat(self):
        self.check(anonymous_bytes, 1, ["malloc"])

    def test_nothing_stays_in_use_under_load(self):
        self.check(bytes_in_use, load.CONNECTION_COUNT, ["malloc", "pool"])


if __name__ == "__main__":
    unittest.main()
