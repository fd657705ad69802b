"""What the documents of Volcengine RTC leave open, and what this emulator does there."""

from __future__ import annotations

from videosnap_emulator.assumption import Assumption

RTC_ASSUMPTIONS = (
    Assumption(
        "illegal-values",
        "A value out of range, of a wrong type or a missing required field: InvalidParameter naming the"
        " field.",
        "An emulator that repairs values in silence would hide a mistake in a program.",
        "Older versions replace illegal values by defaults; 2023-11-01 no longer says so (docs/6348/1188225)",
    ),
    Assumption(
        "max-idle-time",
        "MaxIdleTime is 10 to 86400 seconds.",
        "The sources give 1 and 10 as the minimum; the stricter one is safe with either.",
        "docs/6348/1188225 (10), Go SDK (1)",
    ),
    Assumption(
        "unknown-task",
        "Update and Stop of a task that never started or has ended, and Get of a task that never started or"
        " started more than 72 h ago: InvalidParameter.ErrorActiveTaskNotFound.",
        "The code's description, 'the task does not exist or has stopped', fits; no other code does.",
        "docs/6348/70426; the actions' pages name no code",
    ),
    Assumption(
        "72-hours",
        "A task older than 72 h since its start is no longer found by Get, also while it runs.",
        "The page says 'tasks started within the last 72 hours' without an exception for running ones.",
        "GetSnapshotTask",
    ),
    Assumption(
        "http-status",
        "InvalidParameter 400, AccessDenied 403, FlowLimitExceeded 429, InternalError 500.",
        "2023-11-01 answers failures with a status other than 200; which one is not published.",
        "BytePlus docs-69828, docs/6348/70426",
    ),
    Assumption(
        "failure-result",
        "Result is null when an action fails and absent when the gateway refuses a request.",
        "The page says Result is 'null when it fails'; a live gateway answer has only ResponseMetadata.",
        "BytePlus docs-69828",
    ),
    Assumption(
        "duplicate-start",
        "StartSnapshot for an active task: HTTP 200, the documented sentence with an ASCII full stop as"
        " Result, and"
        " nothing changes.",
        "The comment ends in a Chinese full stop, but the vendor's demo shows the ASCII one.",
        "docs/6348/1188225, Go SDK",
    ),
    Assumption(
        "task-id-again",
        "A TaskId may be used again once its task has ended.",
        "The three ids name a 'running task'.",
        "UpdateSnapshot, TaskId",
    ),
    Assumption(
        "update-without-interval",
        "UpdateSnapshot without ImageConfig or Interval answers ok and changes nothing.",
        "Both are optional; resetting to the default would surprise.",
        "UpdateSnapshot, ImageConfig",
    ),
    Assumption(
        "first-frame-after-update",
        "After an update the next frame is due one new interval after the last one, but not before the"
        " update.",
        "The page says only that the interval is overridden.",
        "UpdateSnapshot",
    ),
    Assumption(
        "stream-index",
        "A stream without Index gets the lowest free number; a repeated Index is InvalidParameter.",
        "Index is optional and must not repeat; what a missing one means is not stated.",
        "GetSnapshotTask, StreamList",
    ),
    Assumption(
        "streams-over-17",
        "More than 17 entries in StreamList: InvalidParameter. Of a room with more streams, the first"
        " 17 by name.",
        "The limit is documented, its enforcement is not.",
        "docs/6348/1188225",
    ),
    Assumption(
        "idle",
        "A task is idle while none of its target streams is published, absent users included, and ends with"
        " IdleTimeOut exactly MaxIdleTime seconds later.",
        "The vendor's timer must have some grain; an exact one makes tests exact.",
        "docs/6348/1188225, MaxIdleTime",
    ),
    Assumption(
        "unknown-fields",
        "Unknown fields of a request and storage blocks other than the one of Type are ignored.",
        "Usual for the vendor's services; no page says so.",
        "none",
    ),
    Assumption(
        "object-key",
        "{AppId}/{RoomId}/{TaskId}/{UserId}-{camera|screen}/{yyyyMMddTHHmmss.SSSZ}.jpg (or .png).",
        "The vendor publishes no naming rule and there is no field for one.",
        "none",
    ),
    Assumption(
        "scaling",
        "The frame is scaled proportionally and centred on black; with one of Width and Height 0 that"
        " side is the"
        " stream's.",
        "'Scaled proportionally to the configured size' leaves open what fills the rest.",
        "docs/6348/1188225, ImageConfig",
    ),
    Assumption(
        "other-storage",
        "VOD and veImageX write to the buckets vod-{space} and imagex-{service}, made on demand;"
        " third-party storage"
        " writes to the emulator's bucket of that name. Keys and regions are checked for form only.",
        "Those services are not emulated.",
        "none",
    ),
    Assumption(
        "missing-bucket",
        "A task whose bucket does not exist keeps running and shows an error on the page; the API shows"
        " nothing.",
        "GetSnapshotTask has no field for it, and StartSnapshot's page lists no such error.",
        "GetSnapshotTask",
    ),
    Assumption(
        "default-room",
        "A room nobody configured holds user0 and user1 with cameras on; the first change keeps them in it.",
        "Frames flow at once without any preparation.",
        "the emulator's own contract",
    ),
    Assumption(
        "automatic-tasks",
        "With automatic snapshots on, each user gets a task when present or joining, for the camera and"
        " the screen;"
        " it ends when the user leaves. Switching off ends no task. An active task of the same name"
        " comes first.",
        "The page says: one task per user, for the whole stay.",
        "docs/6348/1188225",
    ),
    Assumption(
        "left-involuntarily",
        "A user who drops out instead of leaving ends no automatic task at once; it ends later with"
        " IdleTimeOut.",
        "UserDisconnect is for users who leave of their own accord.",
        "GetSnapshotTask, StopReason",
    ),
    Assumption(
        "clock-skew",
        "X-Date may differ from the host's clock by 15 minutes, else InvalidTimestamp (400).",
        "The vendor states no tolerance; 15 minutes is what its S3-like storage allows. Sources differ"
        " on 400 and 403.",
        "docs/6369/68677, docs/6720/108305",
    ),
    Assumption(
        "signed-headers",
        "Any set of signed headers is accepted, also without host; a session token must be among them.",
        "The vendor's own clients sign different sets, one of them no host.",
        "@volcengine/openapi, @volcengine/sdk-core, PyPI volcengine",
    ),
    Assumption(
        "mismatch-details",
        "SignatureDoesNotMatch also shows the server's canonical request and string to sign.",
        "It makes a wrong signature easy to debug; neither contains a secret.",
        "none",
    ),
    Assumption(
        "wrong-method",
        "A known action with the wrong HTTP method: InvalidActionOrVersion (404).",
        "The gateway finds operations by method, action and version.",
        "docs/6369/68677",
    ),
    Assumption(
        "quota",
        "Only admitted calls count; a call over the limit gets FlowLimitExceeded.QPSOverLimit (429).",
        "The pages give limits only. Counting refused calls would lock an eager client out for good.",
        "docs/6348/1188225, docs/6348/70426",
    ),
    Assumption(
        "request-id",
        "yyyyMMddHHmmss in UTC and emulated time, then 20 upper-case hexadecimal digits.",
        "Seen in one published answer; its time zone is unknown.",
        "volcengine/rtc-aigc-demo issue 4",
    ),
    Assumption(
        "returned-storage",
        "Get returns the four storage blocks with their integers, AccountId, Bucket, Space and"
        " ServiceId when set,"
        " and never an access or secret key.",
        "The sample shows integers without omission and no empty strings; the field table lists the names.",
        "GetSnapshotTask",
    ),
)
