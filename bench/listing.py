"""Listing 100,000 objects: our listing beside boto3's own paginator, in time and in memory."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.compare import report

OBJECTS = 100_000
ROUNDS = 3
DELAYS = (0, 50)
"""Milliseconds that the store waits before each page."""
LAYOUTS = {"folders": "in ten folders", "flat": "in one folder"}

CLIENT = """\
import sys, time
from pathlib import Path

from pulumi_videosnap.storage.bucket import open_bucket
from pulumi_videosnap.storage.client import client_for
from pulumi_videosnap.storage.platforms import Location

def ours(store):
    return sum(1 for _ in store.list())

def boto3(store):
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=store.location.bucket)
    return sum(1 for page in pages for _ in page["Contents"])

way, endpoint, bucket = sys.argv[1:]
keys = {"VOLCENGINE_ACCESS_KEY": "AK", "VOLCENGINE_SECRET_KEY": "SK"}
store = open_bucket(Location("tos", bucket, "cn-beijing", endpoint=endpoint), env=keys.get)
if way == "ours":
    client_for(store.config)
else:
    import boto3 as sdk
    client = sdk.client("s3", endpoint_url=endpoint, region_name="cn-beijing",
                        aws_access_key_id="AK", aws_secret_access_key="SK")
began = time.perf_counter()
count = {"ours": ours, "boto3": boto3}[way](store)
seconds = time.perf_counter() - began
(peak,) = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
print(count, seconds, int(peak) / 1000)
"""


def listing() -> None:
    """Time and peak memory of both, each in a process of its own."""
    for delay in DELAYS:
        with _store(delay) as endpoint:
            for bucket, where in LAYOUTS.items():
                _compare(endpoint, bucket, f"listing {OBJECTS:,} objects {where}, {delay} ms a page")


def _compare(endpoint: str, bucket: str, what: str) -> None:
    seconds: dict[str, list[float]] = {"ours": [], "boto3": []}
    memory: dict[str, float] = {}
    for _ in range(ROUNDS):
        for way, times in seconds.items():
            ran = subprocess.run(
                [sys.executable, "-c", CLIENT, way, endpoint, bucket],
                capture_output=True,
                text=True,
                check=True,
            )
            count, took, peak = ran.stdout.split()
            assert int(count) == OBJECTS, ran.stdout  # noqa: S101
            times.append(float(took))
            memory[way] = max(float(peak), memory.get(way, 0.0))
    report(what, seconds["ours"], "boto3's paginator", seconds["boto3"])
    mine, theirs = memory["ours"], memory["boto3"]
    print(f"  its memory: {mine:.0f} MB, {mine / theirs:.2f} x the paginator's ({theirs:.0f} MB)", flush=True)


@contextlib.contextmanager
def _store(delay: int) -> Iterator[str]:
    """A store that answers listings and nothing else, in a process of its own."""
    server = Path(__file__).with_name("listing_store.py")
    process = subprocess.Popen(
        [sys.executable, server, str(delay), str(OBJECTS)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout  # noqa: S101
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
