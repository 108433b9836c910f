"""scripts/demo with a wrk that only pretends: demo_test.py DEMO SERVER TOOL

What is measured is not the question here, but what is printed and what is left behind.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

DEMO = sys.argv.pop(1)
SERVER = pathlib.Path(sys.argv.pop(1)).resolve()
TOOL = pathlib.Path(sys.argv.pop(1)).resolve()
PATIENCE_S = 120

# Says through the pipe "started", if there is one, that it runs, and then waits to be ended.
FAKE_WRK = """#!{python}
import pathlib, signal, sys
started = pathlib.Path(__file__).with_name("started")
if started.exists():
    started.write_text("x")
    signal.pause()
errors = pathlib.Path(__file__).with_name("errors").exists()
print("Running 1s test")
print('{{"requests": 1000, "duration_us": 500000, "p50_us": 1, "p99_us": 2, "p999_us": 3, '
      '"errors": %d}}' % errors)
"""


class DemoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.server = self.folder / "http_server"
        self.server.symlink_to(SERVER)
        wrk = self.folder / "wrk"
        wrk.write_text(FAKE_WRK.format(python=sys.executable))
        wrk.chmod(0o755)

    def start(self, *arguments, server=None):
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        return subprocess.Popen(
            [sys.executable, DEMO, f"--server={server or self.server}",
             f"--tool={TOOL}", "--rounds=3",
             f"--output={self.folder / 'demo.json'}", *arguments],
            env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_demo(self, *arguments, **options):
        demo = self.start(*arguments, **options)
        output, errors = demo.communicate(timeout=PATIENCE_S)
        return demo.returncode, output, errors

    def processes_left(self):
        """Command lines of the processes that were started from this test's folder."""
        lines = []
        for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = file.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            if str(self.folder) in line:
                lines.append(line)
        return lines

    def test_prints_tables_and_writes_the_numbers(self):
        code, output, errors = self.run_demo()
        self.assertEqual(code, 0, errors)
        for row in ("requests [1/s]", "latency p99.9", "calls to malloc per request", "peak RSS"):
            self.assertEqual(output.count(row), 1)
        self.assertNotIn("\033", output + errors)
        self.assertIn("round 3 of 3", errors)
        for line in ("$ tarn stat ", "who allocates", "$ tarn replay ", "tarn-arena"):
            self.assertEqual(output.count("\n" + line), 1, line)
        result = json.loads((self.folder / "demo.json").read_text())
        self.assertEqual(len(result["rounds"]["region"]), 3)
        self.assertEqual(result["medians"]["malloc"]["requests_per_second"], 2000)
        self.assertEqual(self.processes_left(), [])

    def test_prints_json(self):
        code, output, errors = self.run_demo("--json")
        self.assertEqual(code, 0, errors)
        result = json.loads(output)
        self.assertEqual(result, json.loads((self.folder / "demo.json").read_text()))
        self.assertGreater(result["stat"]["operation_count"], 100)
        self.assertIn("tarn-arena", [row["name"] for row in result["replay"]["allocators"]])

    def test_leaves_nothing_behind_when_interrupted(self):
        os.mkfifo(self.folder / "started")
        for number, expected_code in ((signal.SIGINT, 130), (signal.SIGTERM, 143),
                                      (signal.SIGHUP, 129)):
            with self.subTest(number):
                demo = self.start()
                (self.folder / "started").read_text()
                processes = self.processes_left()
                demo.send_signal(number)
                demo.communicate(timeout=PATIENCE_S)
                self.assertEqual(len(processes), 4, "the demo, two servers and wrk")
                self.assertEqual(demo.returncode, expected_code)
                self.assertEqual(self.processes_left(), [])

    def test_errors_of_wrk_fail_the_demo(self):
        (self.folder / "errors").touch()
        code, _, errors = self.run_demo()
        self.assertEqual(code, 1)
        self.assertIn("wrk met errors", errors)
        self.assertEqual(self.processes_left(), [])

    def test_server_that_does_not_start(self):
        code, _, errors = self.run_demo(server="/bin/true")
        self.assertEqual(code, 1)
        self.assertIn("the server did not start", errors)


if __name__ == "__main__":
    unittest.main()
