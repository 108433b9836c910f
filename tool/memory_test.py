#!/usr/bin/env python3
"""What it takes to read a long trace: the memory of each command, of a trace and of one that is ten
times as long, in which no more lives.

    memory_test.py TARN LONG_TRACE PEAK_MEMORY [OPERATIONS]

Fails if one needs more for the longer one, but for the threads that `stat` has a row for.
OPERATIONS of that: a million if left out; 100 million take some minutes and 12 GB of disk.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARN, LONG_TRACE, PEAK_MEMORY = sys.argv[1:4]
OPERATIONS = int(sys.argv[4]) if len(sys.argv) > 4 else 1_000_000
SPARE_BYTES = 2 << 20  # what a heap has more or less of by chance
THREAD_ROWS_BYTES = OPERATIONS // 1000 * 1024
REPLAY = ["replay", "--rounds=1", "--no-touch", "--with=glibc"]

COMMANDS = {
    "stat": ["stat", "--json", "long.tarn"],
    "convert": ["convert", "long.tarn", "long.txt"],
    "convert back": ["convert", "long.txt", "back.tarn"],
    "convert --to=pprof": ["convert", "--to=pprof", "long.tarn", "long.pb"],
    "stat of the text": ["stat", "--json", "long.txt"],
    "replay": [*REPLAY, "--litter=1", "long.tarn"],
    "replay of the text": [*REPLAY, "long.txt"],
    "replay --serial": [*REPLAY, "--serial", "long.tarn"],
}


def measure(arguments, folder):
    """Returns the most resident bytes that the program had, and its seconds."""
    begin = time.monotonic()
    done = subprocess.run([PEAK_MEMORY, TARN, *arguments], cwd=folder, stdout=subprocess.PIPE,
                          check=False)
    if done.returncode != 0:
        raise SystemExit(f"tarn {' '.join(arguments)}: exit code {done.returncode}")
    return int(done.stdout), time.monotonic() - begin


def measure_all(operation_count):
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "long.tarn"
        subprocess.run([LONG_TRACE, trace, str(operation_count)], check=True)
        print(f"{operation_count:,} operations, {trace.stat().st_size / 1e6:.1f} MB")
        found = {}
        for name, arguments in COMMANDS.items():
            found[name], seconds = measure(arguments, folder)
            print(f"  {name:20}{found[name] / 1e6:10.1f} MB{seconds:9.1f} s", flush=True)
        return found


def main():
    short, long = measure_all(OPERATIONS // 10), measure_all(OPERATIONS)
    wrong = [name for name in COMMANDS if long[name] > short[name] + SPARE_BYTES +
             THREAD_ROWS_BYTES * name.startswith("stat")]
    for name in wrong:
        print(f"{name} needs more memory for a longer trace")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
