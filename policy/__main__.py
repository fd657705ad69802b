"""The policy pack: `pulumi preview --policy-pack policy`.

`pulumi_policy` removes the engine's marks of secrets before it calls a policy, and ends a policy that touches
a value which is not known yet; so the pack reads the engine's values itself.
"""

import pulumi_policy.policy
from policies import POLICIES
from rules.values import read

if not hasattr(pulumi_policy.policy, "deserialize_properties"):
    raise RuntimeError("pulumi_policy has no deserialize_properties any more: change policy/__main__.py")
pulumi_policy.policy.deserialize_properties = lambda properties, _keep_secrets=False: read(properties)
pulumi_policy.PolicyPack("videosnap", policies=POLICIES)
