#!/usr/bin/env python3
"""Holds the man page and the completions of shells against what `tarn --help` says: every command
and every option of each is in all of them, and no other.

    pages_test.py TARN TOOL_FOLDER
"""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

TARN, TOOL = sys.argv[1], Path(sys.argv[2])
SHELLS = TOOL / "shell"


def help_of(*command):
    return subprocess.run([TARN, *command, "--help"], capture_output=True, text=True,
                          check=True).stdout


def options_of(*command):
    """The long options that a command lists, one or two at the beginning of a line."""
    heads = re.findall(r"^  (-[^ ]*)", help_of(*command), re.M)
    return {option for head in heads for option in re.findall(r"--[\w-]+", head)}


def commands():
    listed = help_of().partition("Subcommands:")[2]
    return re.findall(r"^  ([a-z]+) ", listed, re.M)


class Pages(unittest.TestCase):
    def test_the_man_page_has_each_option_below_its_command(self):
        page = (TOOL / "tarn.1").read_text().replace("\\-", "-")
        sections = dict(re.findall(r"^\.S[HS] (.*)\n((?:(?!\.S[HS] ).*\n)*)", page, re.M))
        common = set(re.findall(r"--[\w-]+", sections["OPTIONS"]))
        self.assertEqual(common, options_of())
        for command in commands():
            written = set(re.findall(r"^\.(?:B|BR|TP).*", sections[f"tarn {command}"], re.M))
            found = {option for line in written for option in re.findall(r"--[\w-]+", line)}
            self.assertEqual(found | {"--help"}, options_of(command), command)

    def test_the_man_page_is_one(self):
        if shutil.which("man") is None:
            self.skipTest("no man")
        shown = subprocess.run(["man", "--warnings", "-l", str(TOOL / "tarn.1")],
                               capture_output=True, text=True, check=True)
        self.assertEqual(shown.stderr, "")
        self.assertIn("say what a program does with memory", shown.stdout)

    def test_bash_completes_commands_and_their_options(self):
        self.assertEqual(set(self.completed("")), {*commands(), *options_of()})
        for command in commands():
            self.assertEqual(set(self.completed(command, "--")), options_of(command), command)
        self.assertEqual(self.completed("record", "--stacks", ""), ["none", "caller", "full"])
        self.assertEqual(self.completed("convert", "--to", "p"), ["pprof"])

    def completed(self, *words):
        script = (f"source {SHELLS / 'tarn.bash'}; COMP_WORDS=(tarn \"$@\"); "
                  "COMP_CWORD=$#; _tarn; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True,
                              text=True, check=True).stdout.split()

    def test_zsh_knows_each_option_of_each_command(self):
        text = (SHELLS / "_tarn").read_text()
        self.assertEqual(re.findall(r"^    '([a-z]+):", text, re.M), commands())
        for command in commands():
            case = re.search(rf"^    {command}\)(.*?);;", text, re.M | re.S)[1]
            self.assertEqual(set(re.findall(r"--[a-z-]+", case)), options_of(command), command)

    def test_fish_knows_each_option_of_each_command(self):
        text = (SHELLS / "tarn.fish").read_text().replace("\\\n", "")
        self.assertEqual(re.findall(r"-f -a ([a-z]+)", text), commands())
        for command in commands():
            lines = re.findall(rf"^complete .*(?:of_{command}\b|from {command}').*", text, re.M)
            found = {"--" + name for line in lines for name in re.findall(r"-l ([\w-]+)", line)}
            self.assertEqual(found | {"--help"}, options_of(command), command)

    def test_what_shells_read_has_no_mistakes_that_they_see(self):
        for shell, name in (("bash", "tarn.bash"), ("zsh", "_tarn"), ("fish", "tarn.fish")):
            if shutil.which(shell) is None:
                continue
            checked = subprocess.run([shell, "-n", str(SHELLS / name)], capture_output=True,
                                     text=True, check=False)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), shell)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
