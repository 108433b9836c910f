#!/usr/bin/env python3
"""Goal: `tarn replay` runs a trace written by hand against every allocator, tells the same of the
program whichever it is, says what is wrong and what to do, and leaves nothing behind when it is
interrupted. Method: the program itself, started as a person does.

    replay_test.py TARN RECORDINGS [HEAP...]      the heaps that can be loaded in front of TARN
"""

import ctypes.util
import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TARN = ""
RECORDINGS = Path()
HEAPS = []
IN_PROCESS = ["glibc", "tarn-arena", "tarn-slabs", "pmr"]

BY_HAND = """tarn trace 1
# two requests on two threads; the second thread frees what the first has made
thread_begin thread=1
thread_begin thread=2
allocate block=1 bytes=100 thread=1 time_ns=1000
allocate_zeroed block=2 bytes=5000 thread=1 time_ns=2000
allocate block=3 bytes=64 alignment=64 thread=2 time_ns=3000
reallocate block=1 bytes=3000 thread=2 time_ns=4000
deallocate block=2 thread=2 time_ns=1500000
allocate block=4 bytes=1 thread=1 time_ns=1600000
deallocate block=1 thread=1 time_ns=1700000
"""

WITH_REGIONS = """tarn trace 1
scope_begin scope=1
allocate block=1 bytes=100
allocate block=2 bytes=100000
reallocate block=1 bytes=300
create pool=1
allocate pool=1 block=3 bytes=50 thread=1
mark pool=1 mark=1 thread=1
allocate pool=1 block=4 bytes=50
rewind mark=1
scope_end scope=1
deallocate block=2
reset pool=1
destroy pool=1
"""


def library(name):
    file = {"jemalloc": "jemalloc", "mimalloc": "mimalloc", "tcmalloc": "tcmalloc_minimal",
            "tbbmalloc": "tbbmalloc_proxy"}[name]
    return ctypes.util.find_library(file)


def long_trace(operation_count):
    lines = ["tarn trace 1"]
    for i in range(1, operation_count // 2):
        lines.append(f"allocate block={i} bytes={i % 900} thread={i % 2}")
        lines.append(f"deallocate block={i} thread={i // 7 % 2}")
    return "\n".join(lines) + "\n"


class Replay(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def trace(self, text, name="trace.tarn"):
        (self.folder / "trace.txt").write_text(text)
        binary = self.folder / name
        subprocess.run([TARN, "convert", self.folder / "trace.txt", binary], check=True)
        return binary

    def tarn(self, *arguments, **how):
        return subprocess.run([TARN, "replay", *map(str, arguments)], capture_output=True,
                              text=True, timeout=300, **how)

    def replayed(self, *arguments):
        done = self.tarn(*arguments, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_every_allocator_is_asked_for_the_same(self):
        heaps = [heap for heap in HEAPS if library(heap)]
        report = self.replayed(self.trace(BY_HAND), "--rounds=2",
                               "--with=" + ",".join(IN_PROCESS + heaps))
        self.assertEqual(report["operation_count"], 9)
        self.assertEqual(report["hand_off_count"], 1)
        self.assertEqual(report["lane_count"], 2)
        self.assertEqual(report["epochs"]["live_bytes"], [8064, 65, 0])
        self.assertEqual([allocator["name"] for allocator in report["allocators"]],
                         IN_PROCESS + heaps)
        for allocator in report["allocators"]:
            self.assertEqual(allocator["refused_count"], 0)
            self.assertEqual(len(allocator["rounds"]), 2)
            self.assertGreater(allocator["ns_per_step"], 0)
            self.assertEqual(len(allocator["rounds"][0]["memory_over_time_bytes"]), 3)
            self.assertTrue(allocator["version"])

    def test_real_programs_are_refused_nothing(self):
        recordings = sorted(RECORDINGS.glob("*.tarn"))
        self.assertEqual(len(recordings), 6)
        names = ",".join(IN_PROCESS + [heap for heap in HEAPS if library(heap)])
        for recording in recordings:
            report = self.replayed(recording, "--rounds=1", f"--with={names}")
            for allocator in report["allocators"]:
                with self.subTest(recording.stem, allocator=allocator["name"]):
                    self.assertEqual(allocator["refused_count"], 0)

    def test_text_is_replayed_as_its_binary_form_is(self):
        self.trace(BY_HAND)
        report = self.replayed(self.folder / "trace.txt", "--with=glibc", "--rounds=1")
        self.assertEqual(report["epochs"]["live_bytes"], [8064, 65, 0])

    def test_what_few_calls_can_not_tell_is_not_told(self):
        allocator = self.replayed(self.trace(BY_HAND), "--with=glibc")["allocators"][0]
        self.assertEqual([allocator[key] for key in ("p99_ns", "p99_9_ns", "max_ns")], [None] * 3)
        # 5000 calls, of which one in 65 is timed by itself.
        report = self.replayed(self.trace(long_trace(5000)), "--with=glibc", "--serial")
        allocator = report["allocators"][0]
        self.assertIsNone(allocator["p99_9_ns"], "76 calls have no slowest thousandth")
        self.assertIsNone(allocator["p99_ns"], "nor a slowest hundredth")
        self.assertGreater(allocator["max_ns"], 0)

    def test_memory_of_blocks_that_were_refused_is_not_made_up(self):
        if not HEAPS:
            self.skipTest("a sanitizer's heap writes a warning when it refuses")
        trace = self.trace("tarn trace 1\nallocate block=1 bytes=9223372036854775807\n"
                           "allocate block=2 bytes=100\n")
        allocator = self.replayed(trace, "--with=glibc")["allocators"][0]
        self.assertEqual(allocator["refused_count"], 1)
        self.assertIsNone(allocator["internal_percent"])
        self.assertIsNone(allocator["external_percent"])

    def test_all_that_are_here_run_if_none_is_named(self):
        if not HEAPS:
            self.skipTest("a sanitizer's heap lets no other one in front of it")
        names = [allocator["name"] for allocator in
                 self.replayed(self.trace(BY_HAND), "--rounds=1")["allocators"]]
        self.assertEqual(names, ["glibc"] + [heap for heap in HEAPS if library(heap)] +
                         ["tarn-arena", "tarn-slabs", "pmr"])

    def test_a_library_of_any_name_is_loaded(self):
        if "jemalloc" not in HEAPS or not library("jemalloc"):
            self.skipTest("no jemalloc")
        trace = self.trace(BY_HAND)
        path = self.replayed(trace, "--with=jemalloc")["allocators"][0]["library"]
        own = self.folder / "own.so"
        shutil.copy(os.path.realpath(path), own)
        allocator = self.replayed(trace, f"--with=own={own}")["allocators"][0]
        self.assertEqual((allocator["name"], allocator["library"]), ("own", str(own.resolve())))

    def test_in_serial_one_thread_does_it_all(self):
        report = self.replayed(self.trace(BY_HAND), "--serial", "--with=pmr-1-thread,glibc",
                               "--litter=2", "--no-touch", "--paced")
        self.assertEqual((report["lane_count"], report["hand_off_count"]), (1, 0))
        self.assertEqual((report["litter"], report["touch"], report["paced"]), (2, False, True))
        for allocator in report["allocators"]:
            self.assertGreaterEqual(allocator["rounds"][0]["wall_ns"], 1_499_000)
        self.assertIsNone(report["allocators"][1]["internal_percent"])

    def test_idle_memory_is_measured_three_times_in_the_last_round(self):
        report = self.replayed(self.trace(BY_HAND), "--with=glibc", "--rounds=2", "--idle")
        glibc = report["allocators"][0]
        for key in ("retained_0_1_s_bytes", "retained_1_s_bytes", "retained_5_s_bytes"):
            self.assertIsNone(glibc["rounds"][0][key])
            if HEAPS:  # a sanitizer's heap keeps more
                self.assertLess(glibc[key], 2**20)

    def test_the_table_has_a_row_for_each(self):
        done = self.tarn(self.trace(long_trace(5000)), "--with=glibc,tarn-arena", "--rounds=1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        table = [line.split() for line in done.stdout.splitlines()[3:6]]
        self.assertEqual([row[0] for row in table], ["allocator", "glibc", "tarn-arena"])
        self.assertIn("p99.9", table[0])

    def test_of_many_epochs_evenly_many_are_told(self):
        lines = [f"allocate block={i} bytes=1 time_ns={i * 1_000_000}" for i in range(1, 5001)]
        report = self.replayed(self.trace("\n".join(["tarn trace 1", *lines, ""])), "--rounds=1",
                               "--with=glibc")
        live = report["epochs"]["live_bytes"]  # 5000 epochs, and the one that clears up
        self.assertEqual((len(live), live[0], live[1], live[-1]), (2501, 2, 4, 0))
        memory = report["allocators"][0]["rounds"][0]["memory_over_time_bytes"]
        self.assertEqual(len(memory), len(live))

    def fails(self, *arguments, code=1, **how):
        done = self.tarn(*arguments, **how)
        self.assertEqual((done.returncode, done.stdout), (code, ""))
        return done.stderr

    def test_an_unknown_name_is_answered_with_those_there_are(self):
        message = self.fails(self.trace(BY_HAND), "--with=fastmalloc")
        self.assertEqual(message,
                         "tarn: no allocator is called 'fastmalloc'; there are glibc, jemalloc, "
                         "mimalloc, tcmalloc, tbbmalloc, tarn-arena, tarn-slabs, "
                         "tarn-region, pmr, pmr-1-thread, and NAME=/path/to/library.so\n")

    def test_a_library_that_is_not_there_is_told(self):
        self.assertEqual(self.fails(self.trace(BY_HAND), "--with=mine=/no/such.so"),
                         "tarn: mine: the library /no/such.so can not be read\n")

    def test_a_library_that_is_no_heap_is_told(self):
        text = self.folder / "text.so"
        text.write_text("no library")
        self.assertIn("tarn: mine: malloc() is still that of ",
                      self.fails(self.trace(BY_HAND), f"--with=mine={text}"))

    def test_pools_and_scopes_run_on_regions(self):
        trace = self.trace(WITH_REGIONS)
        names = [row["name"] for row in self.replayed(trace, "--rounds=1", "--with=glibc,"
                                                      "tarn-region,tarn-arena")["allocators"]]
        self.assertEqual(names, ["glibc", "tarn-region", "tarn-arena"])
        if HEAPS:
            self.assertIn("tarn-region", self.tarn(trace, "--rounds=1").stdout)

    def test_regions_need_pools_or_scopes(self):
        self.assertEqual(self.fails(self.trace(BY_HAND), "--with=tarn-region"),
                         "tarn: tarn-region needs pools or scopes, and the trace has none: mark "
                         "them in the program\n")

    def test_a_pool_of_one_thread_says_so(self):
        self.assertEqual(self.fails(self.trace(BY_HAND), "--with=pmr-1-thread"),
                         "tarn: pmr-1-thread is for one thread, the trace has more: take pmr, or "
                         "--serial\n")

    def test_a_trace_that_contradicts_itself_names_the_operation(self):
        trace = self.trace("tarn trace 1\nallocate block=1 bytes=1\ndeallocate block=2\n")
        self.assertEqual(self.fails(trace, "--with=glibc"),
                         f"tarn: {trace}: operation 1: block 2 does not exist\n")

    def test_a_folder_without_room_is_told(self):
        one_epoch, two_epochs = 20_000, 140_000
        for operation_count in one_epoch, two_epochs:
            trace = self.trace(long_trace(operation_count))
            message = self.fails(trace, "--with=glibc", preexec_fn=lambda: (
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))),
                env={**os.environ, "TMPDIR": str(self.folder)})
            self.assertEqual(message, f"tarn: {trace}: the plan can not be written to "
                             f"{self.folder}: File too large; let TMPDIR name a folder that has "
                             "16 bytes for each step\n")

    def test_on_a_terminal_an_error_has_a_line_of_its_own(self):
        wrong = self.trace("tarn trace 1\nallocate block=1 bytes=1\ndeallocate block=2\n")
        terminal, child_end = pty.openpty()
        done = subprocess.run([TARN, "replay", wrong, "--with=glibc"], stderr=child_end,
                              stdout=subprocess.PIPE, timeout=300, check=False)
        os.close(child_end)
        text = os.read(terminal, 4096).decode()
        os.close(terminal)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(text.startswith(f"\r\x1b[Kreading {wrong}\r\x1b[K"), repr(text))
        self.assertTrue(text.endswith("\x1b[Ktarn: "
                                      f"{wrong}: operation 1: block 2 does not exist\r\n"))

    def test_a_wrong_name_is_told_before_the_trace_is_read(self):
        self.assertIn("tarn: no allocator is called 'fastmalloc'",
                      self.fails("/no/such/trace", "--with=glibc,fastmalloc"))

    def test_nothing_is_left_in_the_folder(self):
        trace = self.trace(BY_HAND)
        before = sorted(self.folder.iterdir())
        done = self.tarn(trace, "--with=glibc", env={**os.environ, "TMPDIR": str(self.folder)})
        self.assertEqual((done.returncode, sorted(self.folder.iterdir())), (0, before))

    def test_a_trace_of_nothing_says_so(self):
        trace = self.trace("tarn trace 1\n")
        self.assertEqual(self.fails(trace), f"tarn: {trace}: no block is allocated in it\n")

    def test_a_trace_that_is_cut_is_run_as_far_as_it_goes(self):
        whole = self.trace(long_trace(200_000))
        cut = self.folder / "cut.tarn"
        cut.write_bytes(whole.read_bytes()[:-whole.stat().st_size // 3])
        done = self.tarn(cut, "--with=glibc", "--rounds=1", "--json")
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"tarn: {cut}: ", done.stderr)
        operation_count = json.loads(done.stdout)["operation_count"]
        self.assertTrue(0 < operation_count < 199_998, operation_count)

    def test_a_wrong_command_line_ends_with_2(self):
        self.assertIn("--rounds", self.fails(self.trace(BY_HAND), "--rounds=0", code=2))

    def long_run(self):
        """Returns a replay of 100 seconds, and where the child is seen that runs it."""
        trace = self.trace("tarn trace 1\nallocate block=1 bytes=1\n"
                           "deallocate block=1 time_ns=100000000000\n")
        running = subprocess.Popen([TARN, "replay", trace, "--with=glibc", "--rounds=1",
                                    "--paced", "--json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        while not children.read_text():
            self.assertIsNone(running.poll())
            time.sleep(0.01)
        child = Path("/proc") / children.read_text().strip()
        while "/memfd:tarn" not in (child / "maps").read_text():  # what it shares with the replay
            time.sleep(0.01)
        return running, child

    def test_an_interrupted_run_writes_nothing_and_ends_its_process(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            running, child = self.long_run()
            running.send_signal(number)
            output, message = running.communicate(timeout=60)
            self.assertEqual((running.returncode, output, message), (1, "", "tarn: interrupted\n"))
            self.assertFalse(child.exists())

    # There the process has another number than it is told.
    def test_runs_where_proc_is_of_a_space_around(self):
        apart = ["unshare", "--map-root-user", "--pid", "--fork"]
        if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("the system makes no process spaces here")
        trace = self.trace(BY_HAND)
        done = subprocess.run([*apart, TARN, "replay", trace, "--with=glibc", "--rounds=1"],
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_killed_run_ends_its_process(self):
        running, _ = self.long_run()
        running.kill()
        self.assertEqual(running.communicate(timeout=60), ("", ""))  # who has its ends is gone


if __name__ == "__main__":
    TARN, folder, *HEAPS = sys.argv[1:]
    RECORDINGS = Path(folder)
    unittest.main(argv=sys.argv[:1])
