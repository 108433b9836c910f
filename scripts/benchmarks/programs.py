"""The table of real programs: their recordings, replayed by `tarn replay`."""

import json

from benchmarks.running import BUILD, MALLOCS, PRELOADED, ROOT, run, say, wanted
from benchmarks.table import Table

FOLDER = ROOT / "test/traces/recorded"
NAMES = {"tarn-arena": "tarn", "tarn-slabs": "tarn slabs", "pmr": "pmr sync"}
RIVALS = [*MALLOCS, "pmr sync"]
# What is measured, in which unit, and how it is printed.
FIGURES = [("ns_per_step", "ns a call", 1, "{:.1f}"), ("p99_9_ns", "p99.9 in ns", 1, "{:.0f}"),
           ("memory_bytes", "MiB at most", 2**20, "{:.2f}")]


def rounds_of(arguments):
    """How often each allocator runs each recording: a run takes milliseconds."""
    return 1 if arguments.smoke else 5 * arguments.rounds


def replay(recording, arguments):
    """Returns {peer: its figures} of one recording."""
    printed = run(BUILD / "tool/tarn", "replay", recording, "--json",
                  f"--rounds={rounds_of(arguments)}")
    return {NAMES.get(row["name"], row["name"]): row for row in json.loads(printed)["allocators"]}


def fill(table, program, peers):
    """Adds the rows of one program."""
    for key, unit, divisor, form in FIGURES:
        values = {peer: row[key] / divisor for peer, row in peers.items()}
        rivals = {peer: values[peer] for peer in RIVALS if peer in values}
        best = min(rivals, key=rivals.get)
        table.row(f"{program}: {unit}", values, values["tarn"] / rivals[best], against=best,
                  form=form)


def measure(arguments):
    """Returns the filled table."""
    table = Table({}, ["tarn slabs", *MALLOCS, "tbbmalloc", "pmr sync"])
    for recording in sorted(FOLDER.glob("*.tarn")):
        if not wanted(arguments, f"programs.{recording.stem}"):
            continue
        peers = replay(recording, arguments)
        fill(table, recording.stem, peers)
        missing = [name for name in PRELOADED if name not in peers]
        say(f"tarn replay {recording.name}" + "".join(f", without {name}" for name in missing))
    return table
