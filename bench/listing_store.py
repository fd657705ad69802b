"""A store over the S3 protocol that only lists, fast: one bucket, `flat`.

Run with the milliseconds to wait before each answer, and the number of objects; prints its endpoint. It
checks no signature.
"""

from __future__ import annotations

import asyncio
import bisect
import sys
from urllib.parse import parse_qs, quote, urlsplit

OBJECTS = int(sys.argv[2])

FRAME = (
    "<Contents><Key>{key}</Key><LastModified>2024-05-06T07:08:09.000Z</LastModified>"
    "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>{size}</Size>"
    "<StorageClass>STANDARD</StorageClass></Contents>"
)


class Bucket:
    """Its keys in order, and each as it stands in an answer."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = sorted(keys)
        self.rows = [FRAME.format(key=quote(key), size=len(key)) for key in self.keys]

    def answer(self, query: dict[str, str]) -> str:
        """A page."""
        count = int(query.get("max-keys", 1000))
        rows, keys = self.rows, self.keys
        begin = bisect.bisect_right(keys, query.get("start-after", ""))
        begin = int(query.get("continuation-token", begin))
        end = begin + count
        return _page(rows[begin:end], str(end) if end < len(keys) else "")


def _page(rows: list[str], token: str) -> str:
    goes_on = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>'
        f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{goes_on}{''.join(rows)}</ListBucketResult>"
    )


BUCKETS = {
    "flat": Bucket([f"output_{at:08d}.jpg" for at in range(OBJECTS)]),
}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    while request := await reader.readline():
        while await reader.readline() not in (b"\r\n", b""):
            pass
        url = urlsplit(request.split()[1].decode())
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        body = BUCKETS[url.path.strip("/")].answer(query).encode()
        await asyncio.sleep(delay)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
    writer.close()


async def _main(delay: float) -> None:
    server = await asyncio.start_server(lambda r, w: _serve(r, w, delay), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1]) / 1000))
