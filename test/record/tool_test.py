#!/usr/bin/env python3
"""`tarn record` as its users meet it: exit codes, files, messages, and a recording that is cut off.

    tool_test.py TARN FOLDER_OF_PROGRAMS [TEST...]
"""

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

    def test_progress_on_a_terminal(self):
        terminal, child_end = pty.openpty()
        storm = str(PROGRAMS / "record_storm")
        with subprocess.Popen([TARN, "record", "--", "sh", "-c", f"{storm} 1 100000; sleep 0.6"],
                              cwd=self.folder.name, stderr=child_end, stdout=subprocess.DEVNULL):
            os.close(child_end)
            shown = b""
            try:
                while piece := os.read(terminal, 4096):
                    shown += piece
            except OSError:  # the other end is closed
                pass
        os.close(terminal)
        line = shown.decode().split("\r\033[K")[1]
        self.assertRegex(line, r"^[\d.]+ m?s, [\d.]+( [kM])? events, [\d.]+( [kM])?/s, "
                         r"[\d.]+ (B|[KM]iB) in [\d.]+( k)? blocks, [\d.]+ (B|[KM]iB) written$")
        self.assertLess(len(line), 80)

    # The terminal tells both of them: it must not be passed on as well.
    def test_ctrl_c_reaches_the_program_once(self):
        program = ("import os, signal, time\n"
                   "signal.signal(signal.SIGINT, lambda *_: os.write(1, b'caught '))\n"
                   "os.write(1, b'ready ')\n"
                   "for _ in range(50): time.sleep(0.01)\n")
        recorder, terminal = pty.fork()
        if recorder == 0:
            os.execv(TARN, [TARN, "record", "-o", f"{self.folder.name}/x.tarn", "--",
                            "/usr/bin/python3", "-c", program])
        shown = b""
        try:
            while piece := os.read(terminal, 4096):
                shown += piece
                if b"ready" in piece:
                    time.sleep(0.1)  # until it sleeps: then each signal is one
                    os.write(terminal, b"\x03")
        except OSError:  # the other end is closed
            pass
        os.close(terminal)
        os.waitpid(recorder, 0)
        self.assertEqual(shown.count(b"caught"), 1, shown)

    # A shell that says when it runs, and goes on until it is told to end.
    WAITS = ("sh", "-c", "echo ready; exec sleep 60")

    def assert_whole(self, trace):
        read = self.tarn("stat", "--json", trace)
        self.assertEqual((read.returncode, read.stderr), (0, ""))  # no word of a cut file
        self.assertGreater(json.loads(read.stdout)["operation_count"], 0)

    def test_what_ends_a_supervised_recorder_ends_the_program_and_leaves_a_whole_file(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with subprocess.Popen([TARN, "record", "-o", "x.tarn", "--", *self.WAITS],
                                  cwd=self.folder.name, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as recorder:
                self.assertEqual(recorder.stdout.readline(), b"ready\n")
                recorder.send_signal(number)
                recorder.communicate(timeout=60)
            self.assertEqual(recorder.returncode, 128 + number)
            self.assert_whole("x.tarn")

    # The system tells the leader of the session alone, here the recorder.
    def test_a_terminal_that_hangs_up_ends_the_program_and_leaves_a_whole_file(self):
        recorder, terminal = pty.fork()
        if recorder == 0:
            os.chdir(self.folder.name)
            os.execv(TARN, [TARN, "record", "-o", "x.tarn", "--", *self.WAITS])
        shown = b""
        while b"ready" not in shown:
            shown += os.read(terminal, 4096)
        os.close(terminal)
        _, status = os.waitpid(recorder, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 128 + signal.SIGHUP)
        self.assert_whole("x.tarn")

    def test_who_no_longer_reads_what_it_says_does_not_end_a_recording(self):
        program = ("sh", "-c", "read -r line; exit 5")
        with subprocess.Popen([TARN, "record", "-o", "x.tarn", "--", *program],
                              cwd=self.folder.name, stdin=subprocess.PIPE,
                              stderr=subprocess.PIPE) as recorder:
            recorder.stderr.close()
            recorder.stdin.close()
        self.assertEqual(recorder.returncode, 5)
        self.assert_whole("x.tarn")

    def test_the_recorder_takes_precedence_where_it_may(self):
        own = os.getpriority(os.PRIO_PROCESS, 0)
        refused = subprocess.run(["nice", "-n", "-10", "true"], stderr=subprocess.PIPE,
                                 check=False).stderr
        if refused or own == -20:
            self.skipTest("this user may not, or has it already")
        program = ("import os, time\n"
                   "def nice(process): return os.getpriority(os.PRIO_PROCESS, process)\n"
                   "end = time.monotonic() + 60\n"
                   "while nice(os.getppid()) == nice(0) and time.monotonic() < end: pass\n"
                   "print(nice(os.getppid()), nice(0))\n")
        ended = self.tarn("record", "--", "/usr/bin/python3", "-c", program)
        self.assertEqual(ended.stdout, f"{max(own - 10, -20)} {own}\n", ended.stderr)

    # There the recorder has another number than it is told.
    def test_records_where_proc_is_of_a_space_around(self):
        apart = ["unshare", "--map-root-user", "--pid", "--fork"]
        if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("the system makes no process spaces here")
        ended = subprocess.run(
            [*apart, TARN, "record", "-o", "x.tarn", "--", str(PROGRAMS / "record_storm"), "2",
             "1000"], cwd=self.folder.name, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        allocated = int(ended.stdout.split()[0])
        blocks = json.loads(self.tarn("stat", "--json", "x.tarn").stdout)["blocks"]
        self.assertGreaterEqual(blocks["allocated_count"], allocated)

    def test_a_sample_of_the_objects_says_so(self):
        storm = str(PROGRAMS / "record_storm")
        for sampling, counts in (("1/1", 1), ("1/10", 10)):
            ended = self.tarn("record", "--stacks", "none", "--sample-objects", sampling,
                              "-o", "x.tarn", "--", storm, "2", "20000")
            self.assertEqual(ended.returncode, 0, ended.stderr)
            allocated = int(ended.stdout.split()[0])
            found = json.loads(self.tarn("stat", "--json", "x.tarn").stdout)
            self.assertEqual(found["sampling"], counts)
            self.assertEqual(found["contradiction_count"], 0)
            estimated = found["blocks"]["allocated_count"] * counts
            self.assertLess(abs(estimated - allocated), 0.15 * allocated)

    def test_marked_scopes_are_told(self):
        ended = self.tarn("record", "-o", "x.tarn", "--", str(PROGRAMS / "record_marks"))
        self.assertEqual((ended.returncode, ended.stdout), (0, "recorded\n"), ended.stderr)
        scopes = json.loads(self.tarn("stat", "--json", "x.tarn").stdout)["scopes"]
        phases = json.loads(self.tarn("stat", "--json", "x.tarn").stdout)["phases"]
        self.assertEqual([(phase["name"], phase["begun_count"]) for phase in phases],
                         [("serving", 1)])
        self.assertGreaterEqual(phases[0]["allocated_bytes"], 543210)
        request = next(scope for scope in scopes if scope["name"] == "request")
        self.assertEqual((request["begun_count"], request["ended_count"]), (10, 10))
        self.assertEqual((request["allocated_count"], request["allocated_bytes"]), (10, 543210))
        self.assertEqual((request["outliving_count"], request["outliving_bytes"]), (5, 271605))
        self.assertRegex(self.tarn("stat", "x.tarn").stdout,
                         r"request +10 +\S+ \S+ +10 +530 KiB +5 +265 KiB\n")

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

    def test_what_was_enough_is_the_end_and_the_program_goes_on(self):
        storm = str(PROGRAMS / "record_storm")
        for option, value in (("--duration", "0.05"), ("--max-bytes", "20kb")):
            ended = self.tarn("record", option, value, "-o", "x.tarn", "--stacks", "none",
                              "--", storm, "1", "20000000")
            self.assertEqual((ended.returncode, len(ended.stdout.split())), (0, 4), ended.stderr)
            found = json.loads(self.tarn("stat", "--json", "x.tarn").stdout)
            # The storm can be some 6 million ahead of its recorder, and makes 20 million.
            self.assertTrue(0 < found["operation_count"] < 15_000_000, found["operation_count"])

    def test_the_doctor_finds_this_machine_fit(self):
        examined = self.tarn("doctor", str(PROGRAMS / "record_storm"))
        self.assertEqual(examined.returncode, 0, examined.stdout)
        self.assertRegex(examined.stdout, r"recording +ok +sh was recorded, \d+ events")
        self.assertRegex(examined.stdout, r"program +ok +.*record_storm calls the malloc\(\) of")
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_the_doctor_says_what_is_wrong_and_what_to_do(self):
        examined = self.tarn("doctor", "--json", str(PROGRAMS / "record_static"))
        self.assertEqual(examined.returncode, 1)
        found = json.loads(examined.stdout)
        self.assertFalse(found["can_record"])
        self.assertEqual([(one["name"], one["remedy"]) for one in found["findings"]
                          if one["state"] == "failure"],
                         [("program", "link it dynamically (without -static)")])

    def test_the_doctor_tells_a_program_that_is_not_there(self):
        examined = self.tarn("doctor", "no-such-program")
        self.assertEqual(examined.returncode, 1)
        self.assertRegex(examined.stdout, r"program +failure +no-such-program is not there, nor in")

    def test_the_doctor_tells_a_library_that_is_not_there(self):
        alone = Path(self.folder.name) / "bin" / "tarn"
        alone.parent.mkdir()
        shutil.copy(TARN, alone)
        examined = subprocess.run([alone, "doctor"], capture_output=True, text=True, check=False)
        self.assertEqual(examined.returncode, 1)
        self.assertRegex(examined.stdout, r"library +failure +libtarn_record.so is neither in")

    def test_rights_of_the_owner_are_told(self):
        program = Path(self.folder.name) / "storm"
        shutil.copy(PROGRAMS / "record_storm", program)
        program.chmod(0o4755)
        self.assertIn("runs with the rights of its owner", self.tarn("doctor", program).stdout)
        self.assertIn("runs with the rights of its owner",
                      self.tarn("record", "--", str(program), "1", "1").stderr)

    def test_a_process_with_too_few_addresses_is_told(self):
        ended = self.tarn("record", "--", str(PROGRAMS / "record_processes"), "few_addresses")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("1 process had too few addresses to be recorded", ended.stderr)

    def test_a_thread_without_addresses_is_told_and_the_next_one_recorded(self):
        ended = self.tarn("record", "-o", "x.tarn", "--", str(PROGRAMS / "record_processes"),
                          "thread_without_addresses")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("1 thread is missing", ended.stderr)
        self.assertEqual(sum("bytes=123456" in line for line in self.lines_of("x.tarn")), 5)

    def test_a_program_of_32_bits_is_told(self):
        program = Path(self.folder.name) / "old"
        whole = (PROGRAMS / "record_storm").read_bytes()
        program.write_bytes(whole[:4] + b"\x01" + whole[5:])  # ELFCLASS32
        program.chmod(0o755)
        ended = self.tarn("record", "--", str(program))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("is no program of 64 bits", ended.stderr)
        self.assertIn("is no program of 64 bits", self.tarn("doctor", program).stdout)

    def test_an_allocator_inside_is_told(self):
        ended = self.tarn("record", "--", str(PROGRAMS / "record_own_allocator"))
        self.assertEqual(ended.returncode, 0)
        self.assertIn("has an allocator of its own (malloc)", ended.stderr)

    def test_a_program_that_is_not_there(self):
        ended = self.tarn("record", "--", "/no/such/program")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("can not run /no/such/program: No such file or directory", ended.stderr)

    def test_a_file_that_can_not_be_written(self):
        for path, reason in (("/no/such/folder/x.tarn", "No such file"), ("/", "Is a directory")):
            ended = self.tarn("record", "-o", path, "--", "touch", "ran")
            self.assertEqual(ended.returncode, 1)
            self.assertIn(f"can not create {path}: {reason}", ended.stderr)
        self.assertEqual(os.listdir(self.folder.name), [], "the program has run for nothing")

    # It ends the recording; what the others have until then is whole.
    def test_a_disk_that_is_full_fails_one_file_and_not_the_others(self):
        folder, storm = self.folder.name, str(PROGRAMS / "record_storm")
        with subprocess.Popen([TARN, "record", "-o", "x.tarn", "--stacks", "none", "--", "sh", "-c",
                               f"echo ready; {storm} 1 1000; {storm} 1 4000000"], cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              restore_signals=False) as recorder:
            recorder.stdout.readline()
            resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
            errors = recorder.communicate()[1]
        self.assertEqual(recorder.returncode, 1)
        self.assertEqual(errors.count("File too large"), 1, errors)
        whole = [line.split(": ")[1] for line in errors.splitlines() if ": process " in line]
        self.assertEqual(len(whole), 2, errors)
        for trace in whole:
            self.assert_whole(trace)

    def test_a_folder_that_the_linker_can_not_be_told(self):
        folder = Path(self.folder.name) / "with space" / "tool"
        folder.mkdir(parents=True)
        shutil.copy(TARN, folder / "tarn")
        (folder.parent / "libtarn_record.so").touch()
        ended = subprocess.run([folder / "tarn", "record", "--", "touch", folder / "ran"],
                               capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("install tarn in a folder without", ended.stderr)
        self.assertFalse((folder / "ran").exists())

    def test_a_wrong_command_line(self):
        self.assertEqual(self.tarn("record").returncode, 2)
        self.assertEqual(self.tarn("record", "--stacks", "some", "--", "true").returncode, 2)
        for sampling in ("2", "1/0", "1/x", "1/", "1/99999999999999999999"):
            ended = self.tarn("record", "--sample-objects", sampling, "--", "true")
            self.assertEqual(ended.returncode, 2, sampling)
            self.assertIn("say 1/N, as in 1/100", ended.stderr)
        for option, value, answer in (
                ("--stacks", "all", "'all' is none of caller, full, none"),
                ("--max-events", "-5", "'-5': say a whole number from 1 to "),
                ("--max-bytes", "1x", "'1x': say a size, as in 500kb or 2gb"),
                ("--max-bytes", "-1", "'-1': say a size"),
                ("--duration", "0", "'0': say seconds, more than 0, as in 1.5"),
                ("--duration", "1m", "'1m': say seconds")):
            ended = self.tarn("record", option, value, "--", "touch", "ran")
            self.assertEqual(ended.returncode, 2, value)
            self.assertIn(f"tarn: {option}: {answer}", ended.stderr)
        ended = self.tarn("record", "ls", "-l")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("-l; the program and what belongs to it come behind --", ended.stderr)
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_of_many_processes_the_largest_are_told(self):
        ended = self.tarn("record", "-o", "x.tarn", "--", "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do /bin/sh -c 'ls; ls'; done")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        told = ended.stderr.splitlines()
        self.assertEqual(len(told), 21)
        self.assertRegex(told[0], r"tarn: x\.\d+\S*\.tarn: process \d+ \(ls\), \d+ operations, ")
        self.assertRegex(told[-1], r"tarn: and \d+ smaller files$")
        name = told[0].split()[1].rstrip(":")
        self.assertIn({"key": "program", "value": "ls"},
                      json.loads(self.tarn("stat", "--json", name).stdout)["notes"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
