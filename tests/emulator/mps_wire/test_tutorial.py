"""The vendor's tutorial script, ported to Python 3 and otherwise as published, run as it stands."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from support.emulator_client import Emulator
from support.mps_client import DEFAULT_PIPELINE
from videosnap_emulator import strip

SCRIPT = """# -*- coding: utf8 -*-
import json
from urllib.parse import quote
from aliyunsdkcore.client import AcsClient
from aliyunsdkmts.request.v20140618 import SubmitSnapshotJobRequest
access_key_id = '{key}'
access_key_secret = '{secret}'
mps_region_id = 'cn-hangzhou'
pipeline_id = '{pipeline}'
oss_location = 'oss-cn-hangzhou'
oss_bucket = 'media'
oss_input_object = 'input.mp4'
oss_output_object = 'output_{{Count}}.jpg'
# AcsClient
client = AcsClient(access_key_id, access_key_secret, mps_region_id);
client.add_endpoint(mps_region_id, 'Mts', '{endpoint}')
# request
request = SubmitSnapshotJobRequest.SubmitSnapshotJobRequest()
request.set_accept_format('json')
# Input
job_input = {{'Location': oss_location,
             'Bucket': oss_bucket,
             'Object': quote(oss_input_object) }}
request.set_Input(json.dumps(job_input))
# SnapshotConfig->OutputFile
job_output = {{'Location': oss_location,
              'Bucket': oss_bucket,
              'Object': quote(oss_output_object) }}
snapshot_config = {{'OutputFile': job_output}}
# SnapshotConfig->Time
snapshot_config['Time'] = 2
# SnapshotConfig->Interval/Num
snapshot_config['Interval'] = 2
snapshot_config['Num'] = 3
# SnapshotConfig->Width/Height
snapshot_config['Height'] = 360
# SnapshotConfig
request.set_SnapshotConfig(json.dumps(snapshot_config))
# PipelineId
request.set_PipelineId(pipeline_id)
# call api
response_str = client.do_action_with_exception(request)
response = json.loads(response_str)
print(response)
print('RequestId is:', response['RequestId'])
print('JobId is:', response['SnapshotJob']['Id'])
print('http://%s.%s.aliyuncs.com/output_00001.jpg' % (oss_bucket, oss_location))
print('http://%s.%s.aliyuncs.com/output_00002.jpg' % (oss_bucket, oss_location))
print('http://%s.%s.aliyuncs.com/output_00003.jpg' % (oss_bucket, oss_location))
"""
#: What the script asks for: from 2 ms on, every 2 s, and key frames, which the sample has every 2 s.
MOMENTS_MS = (0, 2000, 4000)


@pytest.fixture
def script(emulator: Emulator, tmp_path: Path) -> Path:
    file = tmp_path / "snapshot.py"
    file.write_text(
        SCRIPT.format(
            key=emulator.env["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            secret=emulator.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            endpoint=emulator.env["ALIBABA_CLOUD_MPS_ENDPOINT"].removeprefix("http://"),
            pipeline=DEFAULT_PIPELINE,
        )
    )
    return file


def test_the_tutorial_leaves_its_three_pictures(emulator: Emulator, script: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"^RequestId is: [0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$", run.stdout, re.MULTILINE)
    told = re.search(r"^JobId is: ([0-9a-f]{32})$", run.stdout, re.MULTILINE)
    assert told
    emulator.advance(1)
    job = emulator.show(f"/jobs/{told[1]}")
    assert (job["state"], job["count"]) == ("Success", 3)
    for number, moment in enumerate(MOMENTS_MS, 1):
        image = Image.open(io.BytesIO(emulator.http.get(f"/frames/media/output_{number:05d}.jpg").content))
        assert image.height == 360
        assert strip.read_frame_number(image) == moment * 25 // 1000
