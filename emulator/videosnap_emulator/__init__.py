"""An offline emulator of cloud video-snapshot services.

It verifies signatures, keeps the vendors' state machines and cuts real frames from real video. It is written
from the vendors' documents alone and shares no code with the Pulumi provider, so that one mistake cannot hide
in both.
"""
