"""What the store keeps in its folder."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from support.store_support import ACCESS, ODD_KEYS, WHEN, client
from videosnap_emulator.storage.store import Store


def test_the_folder_keeps_every_change(tmp_path: Path) -> None:
    first = Store.open(tmp_path, [ACCESS])
    s3 = client(first.serve("127.0.0.1", 0))
    first.put("frames", "direct", b"1", "image/jpeg", {"a": "b"}, WHEN)
    for key in ODD_KEYS:
        s3.put_object(Bucket="frames", Key=key, Body=b"old", Metadata={"n": "1"})
        s3.put_object(Bucket="frames", Key=key, Body=b"new", CacheControl="no-store")
    s3.copy_object(Bucket="media", Key="copy", CopySource={"Bucket": "frames", "Key": "direct"})
    s3.delete_objects(Bucket="frames", Delete={"Objects": [{"Key": key} for key in ODD_KEYS[2:]]})
    s3.delete_object(Bucket="frames", Key=ODD_KEYS[0])
    s3.create_bucket(Bucket="extra", CreateBucketConfiguration={"LocationConstraint": "cn-beijing"})
    s3.create_bucket(Bucket="gone", CreateBucketConfiguration={"LocationConstraint": "cn-beijing"})
    s3.delete_bucket(Bucket="gone")
    upload = s3.create_multipart_upload(Bucket="extra", Key="parts", ContentType="video/mp4")["UploadId"]
    where = {"Bucket": "extra", "Key": "parts", "UploadId": upload}
    etag = s3.upload_part(**where, PartNumber=1, Body=b"part")["ETag"]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]})
    before = [
        (bucket, key, first.get(bucket, key))
        for bucket in ("extra", "frames", "media")
        for key in first.keys(bucket)
    ]
    etag = s3.head_object(Bucket="extra", Key="parts")["ETag"]
    second = Store.open(tmp_path, [ACCESS])  # while the first is still open
    assert [
        (bucket, key, second.get(bucket, key))
        for bucket in ("extra", "frames", "media")
        for key in second.keys(bucket)
    ] == before
    assert [key for _, key, _ in before] == ["parts", ODD_KEYS[1], "direct", "copy"]
    reached = client(second.serve("127.0.0.1", 0))
    assert reached.head_object(Bucket="extra", Key="parts")["ETag"] == etag
    assert reached.head_object(Bucket="frames", Key=ODD_KEYS[1])["CacheControl"] == "no-store"
    assert [found["Name"] for found in reached.list_buckets()["Buckets"]] == ["extra", "frames", "media"]
    first.close()
    second.empty()
    second.close()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["frames", "media"]


KILLED = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from videosnap_emulator.storage.store import Store
store = Store.open(Path(sys.argv[1]), [])
for turn in range(10**9):
    body = str(turn).encode() * 5000
    store.put("frames", f"k{turn % 7}", body, "text/plain", {"turn": str(turn)}, datetime.now(timezone.utc))
    print(turn, flush=True)
"""


def test_a_killed_process_leaves_whole_objects(tmp_path: Path) -> None:
    for count in (60, 150, 260):
        command = [sys.executable, "-c", KILLED, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(count):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        store = Store.open(tmp_path, [])
        assert len(store.keys("frames")) == 7
        for key in store.keys("frames"):
            found = store.get("frames", key)
            assert found.body == found.metadata["turn"].encode() * 5000
        store.close()
        assert len(list((tmp_path / "frames").iterdir())) == 14, "nothing half done is left"


def test_a_sidecar_without_its_body_is_dropped(tmp_path: Path) -> None:
    store = Store.open(tmp_path, [])
    store.put("frames", "k", b"x", "text/plain", {}, WHEN)
    store.close()
    (sidecar,) = (tmp_path / "frames").glob("*.json")
    (sidecar.parent / json.loads(sidecar.read_text())["body"]).unlink()
    store = Store.open(tmp_path, [])
    assert store.keys("frames") == []
    store.close()
