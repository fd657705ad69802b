"""The vendor's tutorial script, ported to Python 3 and otherwise as published."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PIPELINE = "51de0000c0de4f0a9a7e51de0c4a11ba"
"""The emulator's default pipeline."""

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


def run_tutorial(folder: Path, environment: Mapping[str, str]) -> str:
    """Run the script as it stands against the endpoint of an environment; returns what it printed."""
    file = folder / "snapshot.py"
    file.write_text(
        SCRIPT.format(
            key=environment["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            secret=environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            endpoint=environment["ALIBABA_CLOUD_MPS_ENDPOINT"].removeprefix("http://"),
            pipeline=PIPELINE,
        )
    )
    # The vendor's core hands every request to a proxy that is set, one to this machine too.
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    ran = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, env=clean, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
