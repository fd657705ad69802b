"""ListMediaWorkflowExecutions: the jobs that, as the control API says, a media workflow made."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from videosnap_emulator.core import Json
from videosnap_emulator.services.mps.errors import service_error
from videosnap_emulator.services.mps.models import Job
from videosnap_emulator.services.mps.requests import Parameters
from videosnap_emulator.services.mps.responses import format_time
from videosnap_emulator.services.mps.rpc import parse_integer

_PAGE_SIZES = range(1, 101)


def list_executions(parameters: Parameters, jobs: Iterable[Job]) -> Json:
    """Return a page of executions, newest first; `jobs` are all jobs, newest first."""
    # assumption: mps-workflows
    size = parse_integer(parameters.get("MaximumPageSize") or "10", "MaximumPageSize")
    if size not in _PAGE_SIZES:
        raise service_error("InvalidParameter.OutOfRange", "MaximumPageSize")
    executions = [_execution(job) for job in jobs if job.workflow]
    token = parameters.get("NextPageToken", "")
    begins = [place for place, one in enumerate(executions) if not token or one["RunId"] == token]
    if not begins and token:
        raise service_error("InvalidParameter", "NextPageToken")
    shown = executions[begins[0] :] if begins else []
    following = {"NextPageToken": shown[size]["RunId"]} if len(shown) > size else {}
    return {"MediaWorkflowExecutionList": {"MediaWorkflowExecution": shown[:size]}, **following}


def _execution(job: Job) -> Json:
    """Return MediaWorkflowExecution: Start, the Snapshot activity of the job, Report."""
    at = format_time(job.created)
    done = {"State": "Success", "StartTime": at, "EndTime": at}
    return {
        "RunId": _id(f"run of {job.job_id}"),
        "MediaWorkflowId": _id(f"workflow {job.workflow}"),
        "Name": job.workflow,
        "State": "Completed",
        "CreationTime": at,
        "Input": {"InputFile": job.echo_input},
        "ActivityList": {
            "Activity": [
                {"Name": "Act-Start", "Type": "Start", **done},
                {"Name": "Act-Snapshot", "Type": "Snapshot", "JobId": job.job_id, **done},
                {"Name": "Act-Report", "Type": "Report", **done},
            ]
        },
    }


def _id(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
