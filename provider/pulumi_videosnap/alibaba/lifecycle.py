"""The lifecycle of a video file's snapshot job: SubmitSnapshotJob, QuerySnapshotJobList.

The service makes the id, so a job is known by the token in its UserData: whose job it is, and what it asks
for. A create looks at its owner's newest job first, so a crash, or an answer that got lost, never leads to a
second job. A job cannot be changed and not be cancelled; it ends by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from pulumi_videosnap.alibaba.auth import read_import_id, refuse_other_location, region_of, unavailable_in
from pulumi_videosnap.alibaba.convert import (
    result_of,
    submit_request,
    to_inputs,
    to_state,
    with_recorded_count,
)
from pulumi_videosnap.alibaba.failures import failure, failure_reason, notification_failure, refusal
from pulumi_videosnap.alibaba.job_account import JobAccount
from pulumi_videosnap.alibaba.job_token import JobSearch, job_token, owner_tag
from pulumi_videosnap.alibaba.models import SnapshotJob, State
from pulumi_videosnap.alibaba.object_keys import (
    declared_locations,
    objects_to_delete,
    recorded_objects,
    used_locations,
)
from pulumi_videosnap.alibaba.outcomes import has_ended, interpret_not_found
from pulumi_videosnap.alibaba.rules import doubts
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Failure,
    Found,
    Lifecycle,
    Present,
    ReadOutcome,
)
from pulumi_videosnap.core.properties import Path, Properties, chosen, value_at
from pulumi_videosnap.core.schema import Effect, differences, inputs_of, merge_inputs
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import NotFound, Rejected

LOCATION: Path = ("input", "location")
TOKEN = "alibaba:SnapshotJob"  # noqa: S105 - a type, not a credential
_MAY_BE_LEFT_OUT = ("creationTime", "notification", "token")


def _available(location: str) -> str | None:
    """The service can be called at every location."""


class SnapshotJobLifecycle(Lifecycle):
    """Drives one snapshot job.

    `connect` finds the account of a profile at a location; `absence` says why there is no service there.
    """

    token = TOKEN

    def __init__(
        self,
        context: Context,
        connect: Callable[[str | None, str], JobAccount],
        absence: Callable[[str], str | None] = _available,
    ) -> None:
        self._context = context
        self._connect = connect
        self._absence = absence

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs; no two resources of one program may write the same keys."""
        job, failures = validate(SnapshotJobInputs, {**declared, "owner": self._owner(declared.get("owner"))})
        if job is None:
            return Checked(dict(declared), failures)
        failures = [*self._refuse_location(job), *self._refuse_shared_keys(job)]
        return Checked(job.properties(), failures, [*doubts(job.properties())])

    def _refuse_location(self, job: SnapshotJobInputs) -> Iterator[Failure]:
        location = value_at(job.properties(), LOCATION)
        if isinstance(location, str) and (absent := self._absence(location)):
            yield Failure(LOCATION, absent)

    def _refuse_shared_keys(self, job: SnapshotJobInputs) -> Iterator[Failure]:
        for path, place in declared_locations(job):
            if other := self._context.other_declaring(place):
                yield Failure(path, f"is written by {self._context.resource} and by {other}; set another key")

    def _owner(self, declared: object) -> object:
        """Whose job it is; in state of older versions, two resources may have one name."""
        name = declared or self._context.default_name()
        recorded = self._context.recorded.get("owner")
        kept = recorded if re.fullmatch(rf"{re.escape(str(name))}(-[0-9a-f]{{8}})?", str(recorded)) else None
        owner = self._context.unique_name(name, kept, TOKEN)
        return self._context.with_types(name) if self._context.other_declaring(f"owner {owner}") else owner

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """A job cannot be changed: everything but the provider's own switches needs another one."""
        self._set_previous(str(recorded.get("jobId", "")), recorded)
        changed = differences(SnapshotJobInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """SubmitSnapshotJob, unless the newest job of this owner asks for the same; then wait for its end."""
        job = SnapshotJobInputs.model_validate(inputs)
        account = self._account(job)
        self._context.progress("looking for a job that was submitted already")
        replaced = self._context.runs.previous(job.owner)
        wanted = JobSearch(self._token(job), replaced, self._context.provider_ids)
        earlier = account.jobs.by_owner(owner_tag(job.owner), wanted, self._context.progress)
        found = self._adopt(account, job, earlier, wanted) or self._submit(account, job, earlier)
        ended = self._finish(account, job, found)
        outputs = to_state(job, ended)
        return Created(ended.id, {**self._mark_created(outputs), "token": found.user_data or wanted.token})

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """QuerySnapshotJobList: a job that failed, or is gone, is drift; its settings cannot change."""
        job = _recorded_job(recorded)
        try:
            found = self._account(job).jobs.get(task_id, parse_rfc3339(recorded.get("creationTime")))
        except NotFound as unknown:
            return interpret_not_found(recorded, unknown)
        outputs = to_state(job, with_recorded_count(found, recorded))
        kept = {name: recorded[name] for name in _MAY_BE_LEFT_OUT if name in recorded}
        inputs = {**inputs_of(SnapshotJobInputs, recorded), "result": outputs["result"]}
        waiting = job.wait_for == "finished" and not found.has_ended
        return Present(inputs, {**kept, **outputs}, f"job {found.id} is {found.state}" if waiting else "")

    def find(self, import_id: str) -> Found | None:
        """QuerySnapshotJobList for `location/job`; the service repeats most of what it was asked for."""
        location, job_id = read_import_id(import_id, "job")
        try:
            found = self._connect(None, location).jobs.get(job_id, None)
        except NotFound:
            return None
        inputs = {**to_inputs(found), "owner": self._owner(None)}
        refuse_other_location(import_id, inputs)
        job = SnapshotJobInputs.model_validate(inputs)
        return Found(found.id, {**inputs, "result": result_of(found)}, to_state(job, found))

    def identity(self, inputs: Properties) -> Properties:
        """The token in its UserData, where it is, and whether its frames are to be deleted."""
        job = SnapshotJobInputs.model_validate(inputs)
        kept = chosen(inputs, "owner", "profile", "onDelete")
        return {**kept, "token": self._token(job), "input": {"location": job.input.location}}

    def find_created(self, identity: Properties) -> Found | None:
        """QuerySnapshotJobList by token: a job that runs, or has written frames that nobody will delete."""
        account = self._connect(identity.get("profile"), identity["input"]["location"])
        wanted = JobSearch(identity["token"], states=self._context.provider_ids)
        owned = account.jobs.by_owner(owner_tag(identity["owner"]), wanted, self._context.progress)
        found = wanted.adoptable(owned)
        if found is None:
            return None
        known = {name: identity[name] for name in ("owner", "profile", "onDelete") if name in identity}
        job = SnapshotJobInputs.model_validate({**to_inputs(found), **known})
        keeps = job.on_delete == "keep-frames"
        if found.has_ended and (keeps or self._was_deleted(account, job, found)):
            return None
        return Found(found.id, job.properties(), {**job.properties(), **to_state(job, found)})

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """The provider's own switches; with `wait_for`, waits for a job that has not ended."""
        job = SnapshotJobInputs.model_validate(inputs)
        if has_ended(recorded) or job.wait_for == "submitted":
            return merge_inputs(SnapshotJobInputs, recorded, inputs)
        account = self._account(job)
        found = account.jobs.get(task_id, None)
        ended = self._finish(account, job, found, "run `pulumi up --refresh`, which submits a new job")
        outputs = {**merge_inputs(SnapshotJobInputs, recorded, inputs), **to_state(job, ended)}
        return self._mark_created(outputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """Nothing to cancel in the cloud; the frames are kept or deleted as declared."""
        self._set_previous(task_id, recorded)
        job = _recorded_job(recorded)
        if job.on_delete == "keep-frames":
            self._context.progress("nothing to cancel: a job ends by itself; its frames stay in the bucket")
            return
        account = self._account(job)
        outputs = self._last_known(account, task_id, recorded)
        for bucket, keys in objects_to_delete(self._context, outputs).items():
            self._context.progress(f"deleting {len(keys)} objects from {bucket}")
            account.bucket(bucket).delete(keys)

    def _mark_created(self, outputs: Properties) -> Properties:
        for place in used_locations(outputs):
            self._context.runs.mark_created(place)
        return outputs

    def _set_previous(self, task_id: str, recorded: Properties) -> None:
        self._context.runs.set_previous(str(recorded.get("owner")), task_id)

    def _token(self, job: SnapshotJobInputs) -> str:
        return job_token(job, self._context.runs.state_id)

    def _account(self, job: SnapshotJobInputs) -> JobAccount:
        return self._connect(job.profile, job.input.location)

    def _adopt(
        self, account: JobAccount, job: SnapshotJobInputs, earlier: Sequence[SnapshotJob], wanted: JobSearch
    ) -> SnapshotJob | None:
        """The job that an earlier create submitted, unless its frames were deleted since."""
        newest = wanted.adoptable(earlier)
        if newest is None:
            if other := wanted.why_not_adopted(earlier):
                self._context.warn(other)
            return None
        if job.on_delete == "delete-frames" and self._was_deleted(account, job, newest):
            return None
        self._context.warn(
            f"job {newest.id} was already submitted for these inputs and is adopted "
            f"({newest.state}); change `triggers` to submit a new one{wanted.doubt(newest)}"
        )
        return newest

    def _was_deleted(self, account: JobAccount, job: SnapshotJobInputs, found: SnapshotJob) -> bool:
        written = recorded_objects({**job.properties(), **to_state(job, found)})
        return any(account.bucket(bucket).missing(keys) for bucket, keys in written.items())

    def _submit(
        self, account: JobAccount, job: SnapshotJobInputs, earlier: Sequence[SnapshotJob]
    ) -> SnapshotJob:
        token, newest = self._token(job), earlier[0] if earlier else None
        if newest and newest.state == State.FAIL.value and newest.user_data == token:
            self._context.warn(
                f"job {newest.id} failed before ({failure_reason(newest)}); submitting a new one"
            )
        self._context.progress("submitting")
        self._context.note_creation(TOKEN, self.identity(job.properties()))
        try:
            return account.jobs.submit(submit_request(job, token), earlier)
        except Rejected as refused:
            raise refusal(job, refused) from None

    def _finish(
        self, account: JobAccount, job: SnapshotJobInputs, found: SnapshotJob, advice: str = ""
    ) -> SnapshotJob:
        """The job at its end, if that is what `up` waits for; TaskFailed when it failed."""
        self._note(job, found)
        if job.wait_for == "finished":
            seconds = self._context.timeout or job.timeout
            found = account.jobs.wait(
                found, seconds, lambda status: self._context.progress(f"{found.id} {status}")
            )
        self._note(job, found)
        if found.state == State.FAIL.value:
            raise failure(job, found, advice)
        if (sent := found.mns_message_result) and sent.error_code:
            self._context.warn(f"job {found.id} is done, but {notification_failure(sent)}")
        self._context.progress(f"{found.id} {found.state}")
        return found

    def _note(self, job: SnapshotJobInputs, found: SnapshotJob) -> None:
        """A failed job is recorded with its result, so that the next run submits another one."""
        token = found.user_data or self._token(job)
        self._context.note_existing(found.id, {**to_state(job, found), "token": token})

    def _last_known(self, account: JobAccount, task_id: str, recorded: Properties) -> Properties:
        """What is recorded of a job; one that had not ended when state was written is read once more."""
        if has_ended(recorded):
            return recorded
        try:
            found = account.jobs.get(task_id, None)
        except NotFound:
            return recorded
        if not found.has_ended:
            self._context.warn(f"job {found.id} is running and cannot be cancelled: its frames stay")
        return {**recorded, **to_state(_recorded_job(recorded), with_recorded_count(found, recorded))}


def _recorded_job(recorded: Properties) -> SnapshotJobInputs:
    return SnapshotJobInputs.model_validate(inputs_of(SnapshotJobInputs, recorded))


def snapshot_job(context: Context) -> SnapshotJobLifecycle:
    """The lifecycle of one snapshot job, with the account that the environment configures."""

    def connect(profile: str | None, location: str) -> JobAccount:
        from pulumi_videosnap.alibaba import jobs  # noqa: PLC0415 - the HTTP stack, which check needs not

        return jobs.open_account(profile, location, context.config)

    return SnapshotJobLifecycle(
        context, connect, lambda location: unavailable_in(region_of(location), config=context.config)
    )
