#!/usr/bin/env python3
"""The program tarn as its users meet it: files in, files and messages out, exit codes.

    tool_test.py TARN TRACES_FOLDER

Each test starts the program; the profile for pprof is read by the few lines of Protocol Buffers
here.
"""

import json
import os
import pty
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TARN, TRACES = sys.argv[1], Path(sys.argv[2])

SMALL = """tarn trace 1
note key=command value=server%20--port%201
stack number=1 caller=0 address=0x1000
stack number=2 caller=1 address=0x2000
allocate block=1 bytes=100 time_ns=10 stack=2
allocate block=2 bytes=28 thread=1 time_ns=20 stack=1
deallocate block=1 thread=1 time_ns=74
reallocate block=2 bytes=64 time_ns=80
"""


def read_number(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields_of(message):
    """Yields (field, value) of a message of Protocol Buffers: numbers and bytes."""
    at = 0
    while at < len(message):
        tag, at = read_number(message, at)
        value, at = read_number(message, at)
        if tag & 7 == 2:
            value, at = message[at:at + value], at + value
        yield tag >> 3, value


def numbers_of(packed):
    numbers, at = [], 0
    while at < len(packed):
        number, at = read_number(packed, at)
        numbers.append(number)
    return numbers


class Tool(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.text = self.folder / "small.txt"
        self.text.write_text(SMALL, encoding="ascii")
        self.binary = self.folder / "small.tarn"
        self.assertEqual(self.run_tarn("convert", self.text, self.binary), (0, "", ""))

    def run_tarn(self, *arguments, **environment):
        done = subprocess.run([TARN, *map(str, arguments)], capture_output=True, text=True,
                              env=os.environ | environment, check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def assert_fails(self, arguments, exit_code, message):
        code, _, errors = self.run_tarn(*arguments)
        self.assertEqual(code, exit_code, errors)
        self.assertIn(message, errors)

    def test_text_comes_back(self):
        self.assertEqual(self.run_tarn("convert", self.binary), (0, SMALL, ""))

    def test_every_stored_trace_comes_back(self):
        for path in TRACES.glob("*.trace"):
            binary = self.folder / "stored.tarn"
            self.assertEqual(self.run_tarn("convert", path, binary)[0], 0)
            once = self.run_tarn("convert", binary)[1]
            (self.folder / "again.txt").write_text(once, encoding="ascii")
            self.assertEqual(self.run_tarn("convert", self.folder / "again.txt", binary)[0], 0)
            self.assertEqual(self.run_tarn("convert", binary)[1], once)

    def test_statistics_as_json(self):
        code, output, _ = self.run_tarn("stat", "--json", self.binary)
        self.assertEqual(code, 0)
        found = json.loads(output)
        self.assertEqual(found["operation_count"], 4)
        self.assertEqual(found["blocks"]["peak_bytes"], 128)
        self.assertEqual(found["blocks"]["live_bytes"], 64)
        self.assertEqual(found["freed_elsewhere_count"], 1)
        self.assertEqual(found["reallocation_count"], 1)
        self.assertEqual(found["notes"], [{"key": "command", "value": "server --port 1"}])
        self.assertEqual(found["lifetimes_ns"], [{"from": 10, "count": 1, "sum": 64}])
        self.assertEqual([site["allocated_bytes"] for site in found["sites"]], [100, 64])
        self.assertEqual([frame["address"] for frame in found["sites"][0]["frames"]],
                         [0x2000, 0x1000])

    def test_text_is_read_as_its_binary_form_is(self):
        reports, profiles = [], []
        for trace in self.text, self.binary:
            reports.append(json.loads(self.run_tarn("stat", "--json", trace)[1]))
            profile = self.folder / "trace.pb"
            self.assertEqual(self.run_tarn("convert", "--to=pprof", trace, profile), (0, "", ""))
            profiles.append(profile.read_bytes())
        self.assertEqual(reports[0]["sites"], reports[1]["sites"])
        self.assertEqual(profiles[0], profiles[1])

    def test_statistics_for_people(self):
        code, output, _ = self.run_tarn("stat", "--sites=1", "--by=bytes", self.binary)
        self.assertEqual(code, 0)
        self.assertNotIn("\033", output)
        self.assertIn("4 operations in 70 ns", output)
        self.assertIn("command         server --port 1", output)
        self.assertRegex(output, r"peak +128 B  in use at once, 10 ns after the start")
        self.assertIn("      0x2000\n      0x1000\n", output)
        self.assertTrue(all(len(line) <= 100 and line == line.rstrip()
                            for line in output.splitlines()))

    def test_short_lived_is_a_share_of_what_was_freed_everywhere(self):
        self.text.write_text("tarn trace 1\nstack number=1 caller=0 address=0x1000\n"
                             "allocate block=1 bytes=9 stack=1\ndeallocate block=1\n"
                             "allocate block=2 bytes=9 stack=1\n", encoding="ascii")
        output = self.run_tarn("stat", self.text)[1]
        self.assertRegex(output, r"short-lived +100\.0 % ")
        self.assertRegex(output, r"2 blocks, 100\.0 % of the freed short-lived, peak")
        self.assertRegex(output, r"reallocated +0  times\n")

    def test_one_is_no_plural_and_nothing_is_no_share(self):
        self.text.write_text("tarn trace 1\nallocate block=1 bytes=9\n", encoding="ascii")
        output = self.run_tarn("stat", self.text)[1]
        self.assertIn(": 1 operation in 0 ns", output)
        self.assertRegex(output, r"  1 block, none freed, peak 9 B\n")
        self.assertNotIn("lifetimes", output)

    def test_a_thread_has_allocated_what_its_blocks_have_grown_by(self):
        threads = json.loads(self.run_tarn("stat", "--json", self.binary)[1])["threads"]
        self.assertEqual([thread["allocated_bytes"] for thread in threads], [136, 28])

    def test_colours_are_for_terminals_and_can_be_refused(self):
        def shown(**environment):
            terminal, child_end = pty.openpty()
            subprocess.run([TARN, "stat", self.binary], stdout=child_end, check=True,
                           env={name: value for name, value in os.environ.items()
                                if name != "NO_COLOR"} | environment)
            os.close(child_end)
            text = b""
            try:
                while piece := os.read(terminal, 4096):
                    text += piece
            except OSError:  # the other end is closed
                pass
            os.close(terminal)
            return text

        self.assertIn(b"\x1b[", shown())
        self.assertNotIn(b"\x1b[", shown(NO_COLOR="1"))

    def test_no_text_of_a_trace_moves_the_terminal(self):
        trace = self.folder / "escapes.txt"
        trace.write_text("""tarn trace 1
note key=%1b[1m value=%1b]0;title%07
note key=thread.0 value=%1b[2J
name number=1 text=%1b[3m
module path=%1b[4m build_id= address=0x1000 bytes=4096 file_offset=0
stack number=1 caller=0 address=0x1000
scope_begin scope=1 name=1
allocate block=1 bytes=100 stack=1
""", encoding="ascii")
        exit_code, output, _ = self.run_tarn("stat", trace)
        self.assertEqual(exit_code, 0)
        self.assertNotIn("\x1b", output)
        for text in ["[1m", "]0;title\\x07", "[2J", "[3m", "[4m"]:
            self.assertIn("\\x1b" + text, output)

    def test_a_module_that_is_no_file_keeps_nobody_waiting(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        self.text.write_text(SMALL.replace("stack number=1", f"module path={pipe} build_id= "
                                           "address=0x1000 bytes=4096 file_offset=0\n"
                                           "stack number=1", 1), encoding="ascii")
        code, output, _ = self.run_tarn("stat", self.text)
        self.assertEqual(code, 0)
        self.assertIn("      0x1000 pipe\n", output)

    def test_a_sample_is_told_and_what_it_says_of_all_is_marked(self):
        self.text.write_text(SMALL.replace("trace 1\n", "trace 1\nnote key=sampled_objects_one_in "
                                           "value=2000\n"), encoding="ascii")
        self.run_tarn("convert", self.text, self.binary)
        output = self.run_tarn("stat", self.binary)[1]
        self.assertRegex(output, r"sampled +1 of 2\.00 k  objects: what has a ~ is what they say")
        self.assertRegex(output, r"allocated +~4\.00 k  ~320 KiB\n")
        self.assertRegex(output, r"peak +~250 KiB  in use at once")
        self.assertRegex(output, r"short-lived +0\.0 %")
        self.assertRegex(output, r"temporary +-  before")
        self.assertRegex(output, r"one of them 1 time\n")
        found = json.loads(self.run_tarn("stat", "--json", self.binary)[1])
        self.assertEqual((found["sampling"], found["blocks"]["allocated_count"]), (2000, 2))

    def test_threads_have_the_names_that_notes_give_them(self):
        self.text.write_text(SMALL.replace("trace 1\n", "trace 1\nnote key=thread.1 value=first\n"
                                           "note key=thread.x value=y\n"
                                           "note key=thread.1 value=a%20worker\n"),
                             encoding="ascii")
        self.run_tarn("convert", self.text, self.binary)
        output = self.run_tarn("stat", self.binary)[1]
        self.assertRegex(output, r"\n  1 +1 +28 B +1 +1  a worker\n")
        self.assertRegex(output, r"\n  0 +1 +136 B +0 +0\n")
        self.assertNotIn("thread.", output)
        threads = json.loads(self.run_tarn("stat", "--json", self.binary)[1])["threads"]
        self.assertEqual([thread["name"] for thread in threads], [None, "a worker"])

    def test_times_that_go_back(self):
        self.text.write_text("tarn trace 1\nallocate block=1 bytes=9 time_ns=1000\n"
                             "allocate block=2 bytes=9 time_ns=400\n")
        self.assertEqual(self.run_tarn("convert", self.text, self.binary)[0], 0)
        text = self.run_tarn("stat", self.binary)[1]
        self.assertIn("2 operations in 600 ns", text)
        self.assertIn("in use at once, 0 ns after the start", text)

    def test_names_and_lines_of_a_program(self):
        source = self.folder / "two.c"
        source.write_text("void* inner(void) { return __builtin_return_address(0); }\n"
                          "#include <stdio.h>\nstatic inline __attribute__((always_inline)) "
                          "void* inlined(void) { return inner(); }\n"
                          "int main(void) {\n  printf(\"%p %p\", inlined(), main);\n}\n",
                          encoding="ascii")
        program = self.folder / "two"
        compiled = subprocess.run(["cc", "-g", "-O0", "-no-pie", source, "-o", program],
                                  check=False)
        self.assertEqual(compiled.returncode, 0)
        address, main = subprocess.run([program], capture_output=True, text=True,
                                       check=True).stdout.split()
        trace = self.folder / "named.txt"
        trace.write_text(f"tarn trace 1\nmodule path={program} build_id= address=0x401000 "
                         f"bytes=4096 file_offset=4096\nstack number=1 caller=0 address={address}\n"
                         "allocate block=1 bytes=1 stack=1\n", encoding="ascii")
        self.assertLess(int(main, 16), int(address, 16))
        self.run_tarn("convert", trace, self.binary)
        shown = self.run_tarn("stat", self.binary)[1]
        self.assertRegex(shown, r" inlined two\.c:3.*\n +.*main two\.c:5")
        trace.write_text(trace.read_text().replace("build_id=", "build_id=00"), encoding="ascii")
        self.run_tarn("convert", trace, self.binary)
        self.assertIn(f"{address} two\n", self.run_tarn("stat", self.binary)[1])

    def test_a_profile_for_pprof(self):
        profile = self.folder / "small.pb"
        self.assertEqual(self.run_tarn("convert", "--to=pprof", self.binary, profile), (0, "", ""))
        fields = list(fields_of(profile.read_bytes()))
        strings = [value.decode() for field, value in fields if field == 6]
        types = [dict(fields_of(value)) for field, value in fields if field == 1]
        samples = [dict(fields_of(value)) for field, value in fields if field == 2]
        locations = {one[1]: one[3] for one in
                     (dict(fields_of(value)) for field, value in fields if field == 4)}
        self.assertEqual(strings[0], "")
        self.assertEqual([strings[one[1]] for one in types],
                         ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"])
        self.assertEqual([numbers_of(one[2]) for one in samples], [[1, 64, 1, 64], [1, 100, 0, 0]])
        self.assertEqual([[locations[i] for i in numbers_of(one[1])] for one in samples],
                         [[0x1000], [0x2000, 0x1000]])

    def test_a_recording_that_was_cut_is_used_as_far_as_it_goes(self):
        whole = self.binary.read_bytes()
        for length, reason in ((len(whole) - 1, "a trailer that is not whole"),
                               (whole.rindex(b"TSEC"), "no index")):
            self.binary.write_bytes(whole[:length])
            code, output, errors = self.run_tarn("convert", self.binary)
            self.assertEqual((code, output), (0, SMALL))
            self.assertIn(f"{reason}: the recording was cut", errors)

    def test_a_damaged_recording_is_an_error_behind_what_is_sound(self):
        whole = self.binary.read_bytes()
        self.binary.write_bytes(whole[:-1] + b"!")
        code, output, errors = self.run_tarn("convert", self.binary)
        self.assertEqual((code, output), (1, SMALL))
        self.assertIn("the index or the trailer behind it is damaged", errors)

    def test_errors_say_what_to_do(self):
        self.assert_fails(["stat", "/nowhere"], 1, "can not open /nowhere: No such file")
        self.assert_fails(["stat", "/etc/passwd"], 1, "this is no trace file")
        self.assert_fails(["convert", "--to=text", self.text], 1, "is text already")
        self.assert_fails(["convert", self.binary, "/nowhere/x"], 1, "can not create /nowhere/x")
        self.assert_fails(["convert", self.binary, "/dev/full"], 1,
                          "tarn: can not write to /dev/full: No space left on device")
        for arguments in ["stat", self.binary], ["doctor"]:
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([TARN, *arguments], stdout=full, stderr=subprocess.PIPE,
                                      text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (1, "tarn: can not write to standard "
                                                              "output: No space left on device\n"))
        self.text.write_text("tarn trace 1\nallocat block=1\n", encoding="ascii")
        for command in ["convert", self.text, self.binary], ["stat", self.text]:
            self.assert_fails(command, 1, "small.txt: line 2: 'allocat': expected one")

    def test_a_folder_without_room_is_told(self):
        self.assertEqual(self.run_tarn("stat", self.text, TMPDIR="/nowhere"),
                         (1, "", "tarn: can not write to a file in /nowhere: No such file or "
                                 "directory; let TMPDIR name a folder with room\n"))

    def test_what_is_refused_has_emptied_no_file(self):
        before = self.binary.read_bytes()
        link = self.folder / "link.tarn"
        link.symlink_to(self.binary)
        for output in (self.binary, link):
            self.assert_fails(["convert", self.binary, output], 1, "is the trace itself")
        self.assert_fails(["convert", self.text, self.text], 1, "is the trace itself")
        other = self.folder / "other"
        other.write_text("precious")
        self.assert_fails(["convert", "--to=binary", self.binary, other], 1, "already")
        self.assert_fails(["convert", "--to=text", self.text, other], 1, "is text already")
        self.assertEqual(other.read_text(), "precious")
        self.assertEqual(self.binary.read_bytes(), before)

    def test_what_fails_leaves_no_half_file_and_no_other_one(self):
        self.binary.write_bytes(self.binary.read_bytes()[:-1] + b"!")
        self.text.write_text(SMALL + "allocat block=1\n", encoding="ascii")
        precious = self.folder / "precious"
        precious.write_text("precious")
        before = sorted(self.folder.iterdir())
        for arguments in (["--to=pprof", self.binary], ["--to=text", self.binary], [self.text]):
            for output in precious, self.folder / "new":
                self.assertEqual(self.run_tarn("convert", *arguments, output)[0], 1)
        self.assert_fails(["convert", self.binary, precious], 1,
                          "precious is not written: standard output, without that name, gets what "
                          "is in front of the damage")
        self.assertEqual(precious.read_text(), "precious")
        self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_a_file_of_the_name_that_it_is_written_under_stays(self):
        part = self.folder / "new.txt.part1"
        part.write_text(SMALL)
        self.assertEqual(self.run_tarn("convert", part, self.folder / "new.txt"), (0, "", ""))
        self.assertEqual(part.read_text(), SMALL)

    def test_a_file_that_is_replaced_keeps_its_permissions_and_a_link_its_file(self):
        private, link = self.folder / "private.txt", self.folder / "link.txt"
        private.touch(mode=0o600)
        link.symlink_to(private)
        for output in private, link:
            self.assertEqual(self.run_tarn("convert", self.binary, output), (0, "", ""))
            self.assertEqual(private.read_text(), SMALL)
        self.assertEqual(private.stat().st_mode & 0o777, 0o600)
        self.assertTrue(link.is_symlink())

    def test_a_wrong_command_line_is_2(self):
        for arguments in [], ["nothing"], ["stat"], ["stat", "--by=luck", "x"]:
            self.assertEqual(self.run_tarn(*arguments)[0], 2, arguments)
        for arguments, message in (
                (["statt"], "tarn: 'statt' is none of the commands record, stat, "),
                (["stat", "--by=luck", "x"], "tarn: --by: 'luck' is none of blocks, bytes, peak"),
                (["stat", "--sites=-1", "x"], "tarn: --sites: '-1': say a whole number from 0 ")):
            self.assert_fails(arguments, 2, message)

    def test_help_teaches_with_examples(self):
        for command in [], ["record"], ["stat"], ["replay"], ["convert"], ["doctor"]:
            code, output, _ = self.run_tarn(*command, "--help")
            self.assertEqual(code, 0)
            self.assertIn("  tarn " + "".join(command), output)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
