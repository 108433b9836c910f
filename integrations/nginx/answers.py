"""What two servers answered, made comparable: without what must differ, and without chance."""

import re


def decode_chunked(data):
    """Returns the body that begins at `data`, and what follows it."""
    body = b""
    while True:
        line, _, data = data.partition(b"\r\n")
        size_bytes = int(line, 16)
        body, data = body + data[:size_bytes], data[size_bytes + 2:]
        if size_bytes == 0:
            return body, data


def join_chunks(data):
    """Where chunks begin depends on when upstreams' bytes arrived: bodies are joined."""
    parts = re.split(rb"(Transfer-Encoding: chunked\r\n(?:[^\r]+\r\n)*\r\n)", data, maxsplit=1)
    if len(parts) == 1:
        return data
    body, rest = decode_chunked(parts[2])
    return parts[0] + parts[1] + body + join_chunks(rest)


def comparable(data, ports):
    """Returns `data` without dates, ports and the boundaries of ranges."""
    data = join_chunks(data)
    data = re.sub(rb"(?mi)^(date): [^\r]*", rb"\1: now", data)
    for name, port in ports.items():
        data = data.replace(b":%d" % port, b":<%s>" % name.encode())
    for boundary in re.findall(rb"multipart/byteranges; boundary=(\d+)", data):
        data = data.replace(boundary, b"<boundary>")
    return data


def statuses(data):
    """Returns the status of each answer in `data`."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n", data)]
