#!/usr/bin/env python3
"""What it takes to read a long trace: the memory of each analysis, of a trace and of one that is
ten times as long, in which no more blocks live.

    memory_test.py TARN LONG_TRACE [OPERATIONS]

Fails if an analysis that goes along a trace needs more for the longer one, or a replay, which has
to have all of it, more than docs/replay.md says. OPERATIONS of the longer one: a million if left
out; 100 million take some minutes and 6 GB of disk.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARN, LONG_TRACE = sys.argv[1], sys.argv[2]
OPERATIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
SPARE_BYTES = 4 << 20  # what a heap has more or less of by chance
REPLAY_BYTES = 40      # of each operation

ANALYSES = {
    "stat": ["stat", "--json", "long.tarn"],
    "convert": ["convert", "long.tarn", "long.txt"],
    "convert back": ["convert", "long.txt", "back.tarn"],
    "convert --to=pprof": ["convert", "--to=pprof", "long.tarn", "long.pb"],
}
REPLAY = ["replay", "--serial", "--rounds=1", "--with=glibc", "--no-touch", "long.tarn"]


def measure(arguments, folder):
    """Returns the most resident bytes that the program had, and its seconds."""
    begin = time.monotonic()
    with subprocess.Popen([TARN, *arguments], cwd=folder, stdout=subprocess.DEVNULL) as program:
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode != 0:
        raise SystemExit(f"tarn {' '.join(arguments)}: exit code {program.returncode}")
    return usage.ru_maxrss * 1024, time.monotonic() - begin


def measure_all(operation_count):
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "long.tarn"
        subprocess.run([LONG_TRACE, trace, str(operation_count)], check=True)
        print(f"{operation_count:,} operations, {trace.stat().st_size / 1e6:.1f} MB")
        found = {}
        for name, arguments in [*ANALYSES.items(), ("replay --serial", REPLAY)]:
            found[name], seconds = measure(arguments, folder)
            print(f"  {name:20}{found[name] / 1e6:10.1f} MB{seconds:9.1f} s", flush=True)
        return found


def main():
    short, long = measure_all(OPERATIONS // 10), measure_all(OPERATIONS)
    wrong = [name for name in ANALYSES if long[name] > short[name] + SPARE_BYTES]
    for name in wrong:
        print(f"{name} needs more memory for a longer trace")
    replay_bytes = (long["replay --serial"] - short["replay --serial"]) / (OPERATIONS * 0.9)
    print(f"replay --serial: {replay_bytes:.1f} bytes for each operation more")
    return 1 if wrong or replay_bytes > REPLAY_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
