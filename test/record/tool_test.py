#!/usr/bin/env python3
"""`tarn record` as its users meet it: exit codes, files, messages, and a recording that is cut off.

    tool_test.py TARN FOLDER_OF_PROGRAMS [TEST...]
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TARN, PROGRAMS = sys.argv[1], Path(sys.argv[2])


class Record(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def tarn(self, *arguments):
        return subprocess.run([TARN, *arguments], cwd=self.folder.name, capture_output=True,
                              text=True, check=False)

    def lines_of(self, trace):
        self.assertEqual(self.tarn("convert", trace, "trace.txt").returncode, 0)
        return (Path(self.folder.name) / "trace.txt").read_text().splitlines()

    def test_the_exit_code_is_the_programs(self):
        for way, code in (("exit", 5), ("kill", 128 + signal.SIGKILL)):
            ended = self.tarn("record", "--", str(PROGRAMS / "record_processes"), way)
            self.assertEqual(ended.returncode, code, ended.stderr)
            self.assertIn("record_processes.tarn: process", ended.stderr)

    def test_what_is_written_names_files_and_calls(self):
        storm = str(PROGRAMS / "record_storm")
        ended = self.tarn("record", "-o", "x.tarn", "--", storm, "2", "1000", "3")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        lines = self.lines_of("x.tarn")
        self.assertTrue(any(storm in line for line in lines if line.startswith("module")))
        self.assertGreater(sum(line.startswith("allocate") for line in lines), 900)
        self.assertEqual(self.tarn("stat", "x.tarn").returncode, 0)

    def test_a_recorder_that_is_killed_leaves_what_it_had_and_the_program_goes_on(self):
        storm = str(PROGRAMS / "record_storm")
        output = Path(self.folder.name) / "output"
        with subprocess.Popen(
                [TARN, "record", "-o", "x.tarn", "--stacks", "none", "--", "sh", "-c",
                 f"{storm} 1 2000000 > {output}"], cwd=self.folder.name) as recorder:
            time.sleep(0.15)
            recorder.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 60
        while not (output.exists() and output.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(len(output.read_text().split()), 4, "the program came to its end")

    # What the storm says of itself, and what the recording says of it and of main().
    def counts_of_a_storm(self, rounds):
        storm = str(PROGRAMS / "record_storm")
        ended = self.tarn("record", "-o", "x.tarn", "--stacks", "none", "--", storm, "4", rounds)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertNotIn("missing", ended.stderr)
        said = [int(word) for word in ended.stdout.split()]
        statistics = json.loads(self.tarn("stat", "--json", "x.tarn").stdout)
        self.assertEqual(statistics["contradiction_count"], 0)
        blocks = statistics["blocks"]
        return said[:3], [blocks["allocated_count"], blocks["freed_count"],
                          statistics["reallocation_count"]]

    # TARN_STORM_ROUNDS: of each of four threads; 26 million are 104 million events.
    def test_not_one_event_is_lost_or_doubled(self):
        rounds = os.environ.get("TARN_STORM_ROUNDS", "500000")
        _, of_main = self.counts_of_a_storm("0")
        said, recorded = self.counts_of_a_storm(rounds)
        self.assertEqual([count - main for count, main in zip(recorded, of_main)], said)

    def test_a_disk_that_is_full_is_told_and_what_was_written_can_be_read(self):
        storm = str(PROGRAMS / "record_storm")
        trace = Path(self.folder.name) / "x.tarn"
        with subprocess.Popen([TARN, "record", "-o", str(trace), "--stacks", "none", "--", storm,
                               "1", "4000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, restore_signals=False) as recorder:
            while not trace.exists() or trace.stat().st_size < 100_000:
                time.sleep(0.001)
            # The recorder alone can not make its file longer from now on.
            resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
            output, errors = recorder.communicate()
        self.assertNotEqual(recorder.returncode, 0)
        self.assertIn(f"can not write to {trace}: File too large", errors)
        self.assertEqual(len(output.split()), 4, "the program came to its end")
        statistics = json.loads(self.tarn("stat", "--json", str(trace)).stdout)
        self.assertGreater(statistics["operation_count"], 10_000)

    def test_what_can_not_be_recorded_is_refused_before_it_runs(self):
        ended = self.tarn("record", "--", str(PROGRAMS / "record_static"), "exit")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("is statically linked", ended.stderr)
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_an_allocator_inside_is_told(self):
        ended = self.tarn("record", "--", str(PROGRAMS / "record_own_allocator"))
        self.assertEqual(ended.returncode, 0)
        self.assertIn("has an allocator of its own (malloc)", ended.stderr)

    def test_a_program_that_is_not_there(self):
        ended = self.tarn("record", "--", "/no/such/program")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("can not run /no/such/program: No such file or directory", ended.stderr)

    def test_a_file_that_can_not_be_written(self):
        ended = self.tarn("record", "-o", "/no/such/folder/x.tarn", "--", "ls")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("/no/such/folder/x.tarn", ended.stderr)

    def test_a_wrong_command_line(self):
        self.assertEqual(self.tarn("record").returncode, 2)
        self.assertEqual(self.tarn("record", "--stacks", "some", "--", "true").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
