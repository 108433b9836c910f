"""What no benchmark times: instructions, by callgrind, and the seconds that a header costs."""

import os
import pathlib
import re
import resource
import statistics
import tempfile

from benchmarks.running import BUILD, ROOT, run, say


def count_instructions():
    """Returns {operation: {peer: instructions}}, by callgrind."""
    say("counting instructions")
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        run("valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
            BUILD / "bench/instructions_bench", env=dict(os.environ, TARN_CHECKING="off"))
        for dump in pathlib.Path(folder).iterdir():
            text = dump.read_text()
            name = re.search(r"Client Request: (.*)/(.*)/(\d+)$", text, re.MULTILINE)
            total = re.search(r"^summary: (\d+)", text, re.MULTILINE)
            if name and total:
                counts.setdefault((name[1], name[2]), {})[int(name[3])] = int(total[1])
    instructions = {}
    for (operation, peer), by_count in sorted(counts.items()):
        few, many = sorted(by_count)
        each = (by_count[many] - by_count[few]) / (many - few)
        instructions.setdefault(operation, {})["glibc" if peer == "malloc" else peer] = each
    return instructions


def compile_seconds(compiler, source):
    """Returns the user time of compiling `source`."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "unit.cpp"
        path.write_text(source)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        run(compiler, "-std=c++20", "-O2", "-DNDEBUG", f"-I{ROOT}", "-c", path.name, cwd=folder)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def header_cost(compiler, run_count):
    """Returns what including region.hpp adds to a translation unit, in seconds."""
    say(f"compiling region.hpp {run_count} times with {compiler}")
    empty, including = [], []
    for _ in range(run_count):
        empty.append(compile_seconds(compiler, "int unit;\n"))
        including.append(compile_seconds(
            compiler, '#include "tarn/region/region.hpp"\nint unit;\n'))
    return statistics.median(including) - statistics.median(empty)
