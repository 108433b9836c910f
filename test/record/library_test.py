#!/usr/bin/env python3
"""Checks that libtarn_record.so brings nothing along: it needs libc alone, shows only the family
that it interposes, and holds no unwinder that a program could find in place of its own.

    library_test.py LIBRARY
"""

import re
import subprocess
import sys

FAMILY = {
    "malloc", "calloc", "realloc", "reallocarray", "free", "free_sized", "free_aligned_sized",
    "posix_memalign", "aligned_alloc", "memalign", "valloc", "pvalloc", "dlclose", "pthread_create",
    "munmap", "mremap", "mprotect", "pthread_setname_np", "prctl",
    "tarn_recorder_scope_begin", "tarn_recorder_scope_end", "tarn_recorder_phase",
}
CPP_FAMILY = re.compile(r"^_Z(n[wa]m|d[la]Pv)")
CPP_COUNT = 8 + 12  # forms of new, and of delete


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    library = sys.argv[1]
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-d", library))
    shown = {line.split()[-1] for line in
             output_of("nm", "-D", "--defined-only", library).splitlines()}
    cpp_shown = {name for name in shown if CPP_FAMILY.match(name)}
    wrong = []
    if needed != ["libc.so.6"]:
        wrong.append(f"it needs {needed}, and may need libc.so.6 alone")
    if shown - cpp_shown != FAMILY:
        wrong.append(f"it differs from the C family in {sorted((shown - cpp_shown) ^ FAMILY)}")
    if len(cpp_shown) != CPP_COUNT:
        wrong.append(f"it has {len(cpp_shown)} forms of new and delete, of {CPP_COUNT}")
    for line in wrong:
        print(f"{library}: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
