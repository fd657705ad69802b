"""Responses and messages about workflows: lists inside a wrapper, except in messages."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from videosnap_emulator.core import Json
from videosnap_emulator.services.mps.errors import service_error
from videosnap_emulator.services.mps.models import ObjectRef
from videosnap_emulator.services.mps.responses import format_time, oss_url
from videosnap_emulator.services.mps.workflow_models import START, ActivityRun, MediaBucket, Run, Workflow


def workflow_response(workflow: Workflow, trigger_mode: bool = True) -> Json:
    """Return MediaWorkflow; some actions' answers have no TriggerMode."""
    return {
        "MediaWorkflowId": workflow.workflow_id,
        "Name": workflow.name,
        "Topology": workflow.topology,
        "State": workflow.state,
        "CreationTime": format_time(workflow.created),
        **({"TriggerMode": workflow.trigger_mode} if trigger_mode else {}),
    }


def run_response(run: Run) -> Json:
    """Return MediaWorkflowExecution."""
    activities = [activity_response(one) for one in run.activities]
    return _run(run) | {"MediaWorkflowId": run.workflow_id, "ActivityList": {"Activity": activities}}


def _run(run: Run) -> Json:
    source: Json = {"Bucket": run.input.bucket, "Location": run.input.location, "Object": run.input.key}
    data = {"UserData": run.user_data} if run.user_data else {}
    return {
        "RunId": run.run_id,
        "Name": run.workflow_name,
        "State": run.state,
        "MediaId": run.media_id,
        "CreationTime": format_time(run.created),
        "Input": {"InputFile": source, **data},
    }


def activity_response(activity: ActivityRun) -> Json:
    """Return Activity; what is empty is left out."""
    content = {
        "Name": activity.name,
        "Type": activity.type,
        "JobId": activity.job_id,
        "State": activity.state,
        "Code": activity.code,
        "Message": activity.message,
        "StartTime": format_time(activity.start),
        "EndTime": "" if activity.end is None else format_time(activity.end),
        "MNSMessageResult": activity.notification,
    }
    return {name: value for name, value in content.items() if value not in ("", {})}


def run_message(run: Run, activity: ActivityRun) -> Json:
    """Return the body of the message at the end of the Start or Report activity."""
    # assumption: mps-message
    listed = run.activities[:1] if activity.type == START else run.activities
    activities = [{"RunId": run.run_id, **activity_response(one)} for one in listed]
    for one in activities:
        one.pop("MNSMessageResult", None)
    failure = {"Code": activity.code, "Message": activity.message} if activity.code else {}
    execution = _run(run) | {"MediaWorkflowId": run.workflow_id, "ActivityList": activities}
    about = {"RunId": run.run_id, "Name": activity.name, "Type": activity.type, "State": activity.state}
    return {**about, **failure, "MediaWorkflowExecution": execution}


def bucket_response(one: MediaBucket) -> Json:
    """Return MediaBucket."""
    return {"Bucket": one.bucket, "Type": one.type} | ({"Referer": one.referer} if one.referer else {})


def parse_oss_url(text: str, name: str) -> ObjectRef:
    """Read ``http://BUCKET.LOCATION.aliyuncs.com/KEY`` with an encoded key."""
    parts = urlsplit(text)
    bucket, _, rest = parts.netloc.partition(".")
    location, _, domain = rest.partition(".")
    source = ObjectRef(bucket, location, unquote(parts.path[1:]))
    if parts.scheme != "http" or domain != "aliyuncs.com" or not source.key:
        raise service_error("InvalidParameter", name)
    return source


def file_response(source: ObjectRef) -> Json:
    """Return File of a media."""
    return {"URL": oss_url(source), "State": "Normal"}
