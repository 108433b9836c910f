"""What nginx's pools cost per request, in instructions, from callgrind's files.

The pools' cost is what their functions execute themselves and what is executed in functions they
call (malloc, free), but for cleanup handlers. memset() is counted apart: it is as long as what
nginx wants zeroed. callgrind writes a file, and begins anew, whenever nginx is asked for /mark.
"""

import collections
import re
import shutil
import socket
import struct

import servers

BEGIN_EACH_FILE = "ngx_http_empty_gif_handler"
CALLGRIND = ["valgrind", "--quiet", "--tool=callgrind", f"--dump-before={BEGIN_EACH_FILE}",
             "--compress-strings=no", "--compress-pos=no", "--callgrind-out-file=callgrind.%p"]
REQUEST_COUNT = 500

POOL = re.compile(r"^(tarn_ngx_|__wrap_ngx_)|\btarn::|^ngx_(create_pool|destroy_pool|reset_pool"
                  r"|palloc|palloc_small|palloc_large|palloc_block|pnalloc|pcalloc|pmemalign|pfree"
                  r"|pool_cleanup_add|pool_run_cleanup_file)$")
FILE_HANDLER = re.compile(r"pool_(cleanup|delete)_file$|^tarn::(close|delete)_file")
# Of what pools call, these are nginx's but no handlers.
ALLOCATION = re.compile(r"^ngx_(alloc|calloc|memalign)$")
ZEROING = re.compile(r"memset")

Cost = collections.namedtuple("Cost", "pools zeroing all")


def symbols_of(elf):
    """Yields (place of the size, name, address, size) of each symbol of a 64-bit ELF file."""
    (table,), (count,) = struct.unpack_from("<Q", elf, 40), struct.unpack_from("<H", elf, 60)
    # Of each section: type, offset, size, the section of its names.
    sections = [struct.unpack_from("<4xI16xQQI", elf, at)
                for at in range(table, table + 64 * count, 64)]
    for kind, offset, size_bytes, names in sections:
        if kind not in (2, 11):  # SHT_SYMTAB, SHT_DYNSYM
            continue
        for at in range(offset, offset + size_bytes, 24):
            first = sections[names][1] + struct.unpack_from("<I", elf, at)[0]
            yield (at + 16, elf[first:elf.index(0, first)], *struct.unpack_from("<QQ", elf, at + 8))


def countable(variant):
    """Returns the name of a copy of a variant in which callgrind finds the right functions.

    --defsym gives nginx's names tarn's addresses and leaves them the sizes of nginx's functions:
    what lies behind a shorter one would be counted under its name.
    """
    path = servers.BUILD / f"{variant}_countable/objs/nginx"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(servers.program(variant), path)
    elf = bytearray(path.read_bytes())
    symbols = list(symbols_of(elf))
    sizes = {address: size for _, name, address, size in symbols if name.startswith(b"tarn_ngx_")}
    for at, _, address, size in symbols:
        struct.pack_into("<Q", elf, at, sizes.get(address, size))
    path.write_bytes(elf)
    return path.parent.parent.name


def is_pool(name):
    """True if a function is part of the pools; what GCC has split off it as well."""
    name = re.sub(r"\.(part|isra|constprop|cold)\b.*", "", name)
    return bool(POOL.search(name)) and not FILE_HANDLER.search(name)


def is_handler(name):
    """True if a function that pools call is a cleanup's."""
    return bool(FILE_HANDLER.search(name)) or (name.startswith("ngx_") and
                                               not ALLOCATION.search(name))


def costs_of(text):
    """Yields (function, called function or None, instructions) of a callgrind file."""
    function = called = None
    for line in text.splitlines():
        if line.startswith("fn="):
            function = line[3:]
        elif line.startswith("cfn="):
            called = line[4:]
        elif line[:1].isdigit():
            yield function, called, int(line.split()[1])
            called = None


def cost_of(text):
    """Returns the Cost of a whole file."""
    pools = zeroing = total = 0
    for function, called, instructions in costs_of(text):
        if called is None:
            total += instructions
        if not is_pool(function):
            continue
        if called is None or not (is_pool(called) or is_handler(called) or ZEROING.search(called)):
            pools += instructions
        elif ZEROING.search(called):
            zeroing += instructions
    return Cost(pools, zeroing, total)


def ask(connection, target, fields):
    """Sends one request and reads its answer."""
    head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: a", *fields, "", ""])
    connection.sendall(head.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    missing = int(re.search(rb"Content-Length: (\d+)", head)[1]) - len(body)
    if missing:
        connection.recv(missing, socket.MSG_WAITALL)


def per_request(front, target, fields, rounds):
    """Yields the Cost of a request, once a round; on a connection that stays open."""
    pid = front.worker()
    with front.connect() as connection:
        for number in range(rounds + 1):
            for _ in range(REQUEST_COUNT if number else 100):
                ask(connection, target, fields)
            ask(connection, "/mark", ())
            if number == 0:
                continue
            newest = max(front.folder.glob(f"callgrind.{pid}.*"),
                         key=lambda path: int(path.suffix[1:]))
            yield Cost(*(value / REQUEST_COUNT for value in cost_of(newest.read_text())))
