#!/usr/bin/env python3
"""Holds tarn's arena against the real Netty 4.1.48: the same scripts, line by line the same output.

    netty_test.py NETTY_SCRIPT [--seeds COUNT] [--first SEED] [--operations COUNT]

Exit code 77 when there is no Java or no Netty here: scripts/setup test.
"""

import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "4.1.48"
JARS = [Path(f"/usr/share/java/netty-{part}-{VERSION}.Final.jar") for part in ("buffer", "common")]
SOURCE = Path(__file__).with_name("NettyScript.java")
SKIPPED = 77
# What the original reads from properties, by the remainder of seed / 4: as netty_script.cpp has it.
INTERVALS = {0: 8192, 1: 97}
# With all caches, and so long that a thread allocates 8192 times: what the caches give back then
# shows, and so would a count of 8191.
LONG_SEEDS = {11, 27}
LONG_OPERATIONS = 48000


def reason_to_skip():
    for program in ("java", "javac"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    for jar in JARS:
        if not jar.exists():
            return f"there is no {jar}"
    return None


def most_allocations(script):
    """Of the threads of a script, those of the one that has most."""
    threads = script.read_text().split("end_thread\n")
    return max(thread.count("\nallocate ") for thread in threads)


def generate(options, seed, script):
    count = LONG_OPERATIONS if seed in LONG_SEEDS else options.operations
    with script.open("w") as out:
        subprocess.run([options.netty_script, "generate", str(seed), str(count)], stdout=out,
                       check=True)
    if seed in LONG_SEEDS:
        most = most_allocations(script)
        assert most >= INTERVALS[0], f"seed {seed}: a thread allocates {most} times at most"


def run_netty(classes, interval, files):
    class_path = ":".join(map(str, [classes, *JARS]))
    subprocess.run(
        ["java", "-ea", "-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-XX:+UseSerialGC",
         "-XX:TieredStopAtLevel=1", "-Dio.netty.leakDetection.level=disabled",
         f"-Dio.netty.allocator.cacheTrimInterval={interval}",
         "-cp", class_path, "io.netty.buffer.NettyScript", *map(str, files)], check=True)


def compare(script, netty, tarn):
    """Returns how many lines are equal, and what is to be said of the first that is not."""
    lines = enumerate(itertools.zip_longest(netty.open(), tarn.open()), 1)
    count = 0
    for count, (expected, found) in lines:
        if expected != found:
            config = script.open().readline()
            return count, (f"{config}line {count} of the output:\n"
                           f"  netty: {str(expected).rstrip()}\n  tarn:  {str(found).rstrip()}")
    return count, None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("netty_script")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--operations", type=int, default=6000)
    options = parser.parse_args()
    reason = reason_to_skip()
    if reason:
        print(f"SKIPPED: {reason}; `scripts/setup test` installs what is missing")
        return SKIPPED
    failures, operations, lines = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        class_path = ":".join(map(str, JARS))
        subprocess.run(["javac", "-cp", class_path, "-d", str(folder), str(SOURCE)], check=True)
        seeds = range(options.first, options.first + options.seeds)
        for seed in seeds:
            generate(options, seed, folder / f"{seed}.txt")
        for remainder, interval in INTERVALS.items():
            files = [folder / f"{seed}.{kind}" for seed in seeds if seed // 4 % 2 == remainder
                     for kind in ("txt", "netty")]
            run_netty(folder, interval, files)
        for seed in seeds:
            script = folder / f"{seed}.txt"
            netty, tarn = folder / f"{seed}.netty", folder / f"{seed}.tarn"
            subprocess.run([options.netty_script, "run", str(script), str(tarn)], check=True)
            count, difference = compare(script, netty, tarn)
            operations += sum(1 for line in script.open() if " block=" in line)
            lines += count
            if difference:
                failures += 1
                print(f"seed {seed}: {difference}", file=sys.stderr)
    print(f"{len(seeds)} scripts, {operations} operations, {lines} lines: "
          f"{failures} scripts differ from Netty {VERSION}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
