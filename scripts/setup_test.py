#!/usr/bin/env python3
"""Tests of scripts/setup on a machine made of stand-ins: dpkg-query, apt-get, id and sudo."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SETUP = Path(__file__).parent / "setup"


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.machine = Path(folder.name)
        self.command("dpkg-query", 'grep -qx "$4" "$MACHINE/installed" && echo ii ok installed')
        self.command("apt-get", 'echo "$@" >>"$MACHINE/calls"')
        self.command("id", "echo 0")
        self.command("sudo", "exit 1")
        self.installed("")

    def command(self, name, script):
        path = self.machine / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def installed(self, packages):
        (self.machine / "installed").write_text("\n".join(packages.split()), encoding="utf-8")

    def run_setup(self, *groups):
        environment = os.environ | {"MACHINE": str(self.machine),
                                    "PATH": f"{self.machine}:{os.environ['PATH']}"}
        return subprocess.run([SETUP, *groups], env=environment, text=True, capture_output=True,
                              check=False)

    def apt_calls(self):
        calls = self.machine / "calls"
        return calls.read_text(encoding="utf-8") if calls.exists() else ""

    def test_installs_what_is_missing_and_nothing_else(self):
        self.command("dpkg-query", 'test "$4" != wrk && echo ii ok installed')
        result = self.run_setup("build", "demo")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "scripts/setup: installing wrk\n")
        self.assertIn("install --no-install-recommends wrk\n", self.apt_calls())

    def test_is_silent_when_nothing_is_missing(self):
        self.installed("wrk")
        result = self.run_setup("demo")
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))
        self.assertEqual(self.apt_calls(), "")

    def test_a_removed_package_with_configuration_left_is_missing(self):
        self.command("dpkg-query", "echo deinstall ok config-files")
        self.run_setup("demo")
        self.assertIn("wrk", self.apt_calls())

    def test_without_root(self):
        self.command("id", "echo 1000")
        result = self.run_setup("demo")
        self.assertEqual(result.returncode, 1)
        self.assertIn("not root", result.stderr)
        self.assertIn("apt-get install --no-install-recommends wrk", result.stderr)
        self.assertEqual(self.apt_calls(), "")

    def test_with_sudo(self):
        self.command("id", "echo 1000")
        self.command("sudo", 'test "$1" = -n || exec "$@"')
        self.assertEqual(self.run_setup("demo").returncode, 0)
        self.assertIn("wrk", self.apt_calls())

    def test_without_network(self):
        self.command("apt-get", "echo Could not resolve the archive; exit 100")
        result = self.run_setup("demo")
        self.assertEqual(result.returncode, 1)
        self.assertIn("Could not resolve the archive", result.stderr)
        self.assertIn("no network?", result.stderr)
        self.assertIn("apt-get install --no-install-recommends wrk", result.stderr)

    def test_unknown_group(self):
        result = self.run_setup("nothing")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no group [nothing]", result.stderr)


if __name__ == "__main__":
    unittest.main()
