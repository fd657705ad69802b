"""A canary in every place for a credential: it may reach the service, and nothing else.

test_canaries.py has the keys that a program gives as values.
"""

import pytest

from e2e.conftest import Stack, sampled_front
from support.canary import leaks
from support.data import read
from support.sampling import sample

front = sampled_front

CANARY = "cAnAry/+secret=42"
ACCOUNT = ("VOLCENGINE_ACCESS_KEY", "VOLCENGINE_SECRET_KEY", "VOLCENGINE_SESSION_TOKEN")


def _assert_hidden(*texts: str) -> None:
    """The canary occurs in no text, in none of its encodings."""
    for text in texts:
        assert leaks(text, CANARY) == [], text


def test_keys_named_by_variable_and_keys_of_the_account_never_reach_state(stack: Stack) -> None:
    stack.environment |= {"FRAMES_KEY": CANARY, "FRAMES_SECRET": CANARY}
    keys = {"access_key_env": "FRAMES_KEY", "secret_key_env": "FRAMES_SECRET"}
    custom = {"vendor": "aliyun", "bucket": "frames", **keys}
    stack.declare(lobby={"storage_config": {"custom_config": custom}})
    shown = [stack.up().ok().output, stack.run("stack", "export", "--show-secrets").ok().output]
    assert stack.rooms() == ["lobby"]
    stack.destroy().ok()
    _assert_hidden(*shown, *stack.files())
    for name in ACCOUNT[:2]:
        assert not [text for text in [*shown, *stack.files()] if stack.environment[name] in text]


@pytest.mark.rotating
@pytest.mark.parametrize("name", sample(ACCOUNT, 0.3))
def test_a_key_of_the_account_stays_out_of_errors(stack: Stack, name: str) -> None:
    stack.declare(lobby={})
    failed = stack.up("--diff", env={name: CANARY})
    _assert_hidden(failed.output, *stack.files())


MARKED = read("programs/marked.txt")


@pytest.mark.rotating
def test_what_a_program_marks_as_secret_is_in_no_refusal(stack: Stack) -> None:
    stack.write(MARKED)
    refused = stack.preview(env={"ROOM": "1"}).exits(1).output
    assert "room_id must be" in refused
    failed = stack.up(env={"ROOM": ""}).exits(1).output
    assert "the input is [secret] in bucket 'media'" in failed
    last = stack.run("refresh", "--yes", "--skip-preview").output
    _assert_hidden(refused, failed, last, stack.destroy().ok().output, *stack.files())
