"""Programs that the demo runs, and its words about them."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class DemoError(Exception):
    """Something the reader can act on; printed without a traceback."""


class Screen:
    """Progress on stderr: one line that changes on a terminal, a line for each step elsewhere."""

    def __init__(self):
        self.changes = sys.stderr.isatty()
        self.colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.open_line = False

    def step(self, text):
        if self.changes:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
            self.open_line = True
        else:
            print(text, file=sys.stderr, flush=True)

    def end(self):
        if self.open_line:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self.open_line = False

    def paint(self, text, better):
        return f"\033[{32 if better else 33}m{text}\033[0m" if self.colour else text


def on_processor(index, command):
    """`command` kept on one processor, so that the load does not push the server from its own."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2 or not shutil.which("taskset"):
        return command
    return ["taskset", "-c", str(processors[index]), *command]


@contextlib.contextmanager
def running(command, **options):
    """A child that does not outlive the block. It does not hear Ctrl-C: this program decides."""
    child = subprocess.Popen(command, start_new_session=True, text=True, **options)
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        if child.stdout:
            child.stdout.close()
