"""The server recorded under load, and its allocations replayed on other allocators."""

import contextlib
import signal
import subprocess

from demo_steps.processes import DemoError, running
from demo_steps.serving import load, mix_file, serving, traffic

EVENTS_MAX = 2_000_000
SECONDS = 3
PATIENCE_SECONDS = 60


def record(program, tool, trace, arguments):
    """Writes what the server with malloc allocates under load to `trace`."""
    command = [tool, "record", f"--max-events={EVENTS_MAX}", f"--output={trace}", "--", program]
    with contextlib.ExitStack() as stack:
        mix = stack.enter_context(mix_file(traffic.mix()))
        server = stack.enter_context(serving(command, "malloc", arguments.threads,
                                             stderr=subprocess.PIPE))
        load(server, mix, SECONDS, arguments)
        server.child.send_signal(signal.SIGINT)  # which tarn passes on to the server
        _, errors = server.child.communicate(timeout=PATIENCE_SECONDS)
        if server.child.returncode != 0:
            raise DemoError(f"tarn record failed:\n{errors}")


def output_of(*command):
    """Returns what the command prints; its progress goes to the terminal."""
    with running([*map(str, command)], stdout=subprocess.PIPE) as child:
        output, _ = child.communicate()
    if child.returncode != 0:
        raise DemoError(f"{command[0].name} {command[1]} failed")
    return output


def replay(program, tool, trace, options, arguments, screen):
    """Records, and returns what `tarn stat` and `tarn replay` say of it, by their names."""
    screen.step(f"recording the server: {SECONDS} s")
    record(program, tool, trace, arguments)
    screen.step("replaying the recording")
    screen.end()
    return {"stat": output_of(tool, "stat", "--sites=3", *options, trace),
            "replay": output_of(tool, "replay", *options, trace)}
