"""The policy pack: `pulumi preview --policy-pack policy`."""

from declarations import POLICIES
from engine_values import keep_what_the_engine_says
from pulumi_policy import PolicyPack

keep_what_the_engine_says()
PolicyPack("videosnap", policies=POLICIES)
