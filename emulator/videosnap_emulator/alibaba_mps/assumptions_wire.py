"""What the vendor's documents leave open about calls and jobs, and what is done here."""

from __future__ import annotations

from videosnap_emulator.assumption import Assumption

_SUBMIT = "MPS SubmitSnapshotJob"
_QUERY = "MPS QuerySnapshotJobList"
_DETAILS = "MPS parameter details, SnapshotConfig"
_ERRORS = "MPS error codes"
_FAQ = "MPS FAQ about taking snapshots"
_GATEWAY = "common error codes of the vendor's gateway"
_V3 = "request syntax and signature method V3 (doc-detail/2593177)"

WIRE_ASSUMPTIONS = (
    Assumption(
        "mps-checks",
        "Order of refusal: method, Action, Version, Format, unknown action, signature, nonce, QPS, then the"
        " action's own parameters.",
        "The gateway's tables give codes, not their order.",
        _GATEWAY,
    ),
    Assumption(
        "mps-http-status",
        "InvalidParameter codes and SnapshotTimeOut 400, InvalidParameter.ResourceNotFound 404,"
        " InternalError 500.",
        "The service's table has no HTTP status; the gateway's table pairs such codes with these.",
        _ERRORS,
    ),
    Assumption(
        "mps-format",
        "Answers are XML under signature version 1.0 and JSON under ACS3, unless Format says otherwise, or,"
        " under ACS3, the Accept header names XML.",
        "XML is the documented default of version 1.0; ACS3 requests have no Format and ask for JSON.",
        "MPS common parameters",
    ),
    Assumption(
        "mps-clock-skew",
        "Timestamp and x-acs-date may be 15 minutes from the host's clock, either way.",
        "An older table says 15 minutes, a newer page 31; the stricter one is safe with either.",
        "MPS common parameters; document 25490",
    ),
    Assumption(
        "mps-nonce",
        "A nonce is used up, for its access key, by a request with a right signature, until the request"
        " could no longer be valid; a restart forgets the used ones. Without signature check none is.",
        "Only the code for a nonce that was used already is documented.",
        _GATEWAY,
    ),
    Assumption(
        "mps-acs3-missing",
        "ACS3 without a header that it needs: MissingTimestamp, MissingSignatureNonce, MissingContentSha256,"
        " MissingAuthorization.",
        "The pages name the headers but no code; Missing and a name is the gateway's pattern.",
        _V3,
    ),
    Assumption(
        "mps-signed-headers",
        "ACS3: host, content-type and every x-acs- header that is sent must be signed, else"
        " IncompleteSignature.",
        "The page asks for all public headers to be signed; the code's description fits.",
        _V3,
    ),
    Assumption(
        "mps-session-token",
        "A session token is refused with InvalidSecurityToken.MismatchWithAccessKey unless it is the one of"
        " --mps-security-token; requests without one are good in either case.",
        "The dummy key pair is a permanent one, for which no token was issued.",
        "none",
    ),
    Assumption(
        "mps-quota",
        "Only admitted calls count for the QPS; one too many is Throttling.User (400).",
        "The pages give limits only. Counting refused calls would lock an eager client out for good.",
        "MPS QPS limits",
    ),
    Assumption(
        "mps-empty-optional",
        "An optional field that is null or an empty text counts as absent; unknown fields are ignored.",
        "The vendor's samples leave fields empty.",
        "MPS SDK samples",
    ),
    Assumption(
        "mps-user-data",
        "UserData with other characters than Chinese and English letters, digits and hyphens, or with a"
        " hyphen first: InvalidParameter.Format; longer than 1,024 bytes: InvalidParameter.OutOfRange.",
        "The rule is documented, the code is not.",
        _SUBMIT,
    ),
    Assumption(
        "mps-one-location",
        "Input and outputs must name the same Location, whichever of the known ones; RegionId is not"
        " compared, for an emulator is in every region at once.",
        "The page wants the bucket in the region of the service.",
        _SUBMIT,
    ),
    Assumption(
        "mps-frame-type",
        "FrameType of a request without one is intra; --mps-reading frame-type=normal chooses the other"
        " reading. The words are case-sensitive.",
        "Parameter details say intra, the newest SDK's comments Normal.",
        _DETAILS,
    ),
    Assumption(
        "mps-format-case",
        "Format is vtt in any case of letters, or empty.",
        "The table writes vtt, the best-practice page VTT.",
        _DETAILS,
    ),
    Assumption(
        "mps-time-array",
        'TimeArray is {"TimePointList": [ms, …]} in the request as it is in the response; Time is then not'
        " required.",
        "Only the response's spelling is published.",
        "response model of the SDK",
    ),
    Assumption(
        "mps-several",
        "{Count} is required in OutputFile.Object whenever a job may take more than one picture: Interval,"
        " Num other than 1, TileOutputFile or TimeArray. A WebVTT job needs .vtt instead. TileOut needs"
        " TileOutputFile.",
        "The FAQ speaks of sequences; without the number the pictures would overwrite one another.",
        _FAQ,
    ),
    Assumption(
        "mps-placeholder-code",
        "A missing {Count}, {TileCount} or .vtt: InvalidParameter.ResourceContentBad with the text 'The"
        ' format of parameter "SnapshotConfig:OutputFile:Object" is invalid.\'',
        "The FAQ prints this code with this text; in the table of codes the text belongs to"
        " InvalidParameter.Format.",
        f"{_FAQ}; {_ERRORS}",
    ),
    Assumption(
        "mps-not-found",
        'An input that does not exist: InvalidParameter.ResourceNotFound, \'The resource operated "InputFile"'
        " cannot be found.'; an output bucket likewise with OutputFile or TileOutputFile. A synchronous call"
        " is refused with it, an asynchronous job is accepted and fails with it when it begins or ends.",
        "The code is in the action's table, and jobs have Code and Message; which case gets which is open.",
        _SUBMIT,
    ),
    Assumption(
        "mps-buckets",
        "Every bucket of the store is authorised for MPS.",
        "The emulator has no console to add media buckets in.",
        _SUBMIT,
    ),
    Assumption(
        "mps-no-pipeline",
        "A job without PipelineId belongs to no pipeline and its answers name none; an unknown PipelineId is"
        " InvalidParameter.ResourceNotFound.",
        "PipelineId is optional, and no page says which pipeline such a job would get.",
        _SUBMIT,
    ),
    Assumption(
        "mps-parallel",
        "Pipelines do not limit how many jobs run at once; the time of a job does not depend on its input.",
        "The glossary says that snapshot jobs take no pipeline resources; the newest page has them queue.",
        "MPS glossary; SubmitSnapshotJob",
    ),
    Assumption(
        "mps-paused",
        "A paused pipeline keeps its jobs in Submitted; once active again they begin after the waiting time."
        " Running and synchronous jobs do not mind.",
        "Documented for transcoding jobs.",
        "MPS UpdatePipeline",
    ),
    Assumption(
        "mps-state-after-submit",
        "The answer to an asynchronous SubmitSnapshotJob shows the state Submitted.",
        "The state's description fits; the example shows Snapshoting.",
        _SUBMIT,
    ),
    Assumption(
        "mps-sync-failure",
        "A synchronous job that fails is an HTTP error with its code and message, and no job stays behind.",
        "The action's table lists codes that only a synchronous job can have at that moment.",
        _SUBMIT,
    ),
    Assumption(
        "mps-sync-limit",
        "A synchronous job may take 5 s, else SnapshotTimeOut; how long it takes is set with PUT /jobs/pace.",
        "Newer pages say 5 s, older ones 6.",
        _FAQ,
    ),
    Assumption(
        "mps-answer",
        "What is empty is left out of a job's answer: Code and Message of one that did not fail, Count and"
        " TileCount of one that is not done. MNSMessageResult and RoleArn never appear: no message is sent.",
        "The models say 'not returned'; an older example shows empty texts.",
        "response model of the SDK",
    ),
    Assumption(
        "mps-counts",
        "Count is also in a synchronous answer; TileCount appears once there is a sheet.",
        "No page says whether a synchronous answer has them.",
        _SUBMIT,
    ),
    Assumption(
        "mps-echo",
        "Answers repeat what was given, with object names as they were encoded and numbers as text, and add"
        " no defaults; Format, SubOut and the black-frame settings are not repeated.",
        "They are not in the response model, and the vendor's samples decode the names of an answer.",
        "response model of the SDK",
    ),
    Assumption(
        "mps-id-format",
        "An id in a query that is not 32 characters of a-f and 0-9: InvalidParameter.UUIDFormatInvalid; more"
        " than ten: InvalidParameter.OutOfRange.",
        "The code is described for ids in general.",
        _ERRORS,
    ),
    Assumption(
        "mps-id-order",
        "Jobs asked for by id come latest first, unknown ids in the order of the request; with ids, other"
        " parameters do not matter.",
        "'Sorted by creation time in descending order' is said of the action as a whole.",
        _QUERY,
    ),
    Assumption(
        "mps-state-filter",
        "State takes a job's state or All; anything else is InvalidParameter.",
        "The sister action ListJob has All.",
        _QUERY,
    ),
    Assumption(
        "mps-time-range",
        "StartOfJobCreatedTimeRange and EndOfJobCreatedTimeRange are both inclusive, in whole seconds.",
        "They are described as the earliest and the latest time of creation.",
        _QUERY,
    ),
    Assumption(
        "mps-page-token",
        "A token tells where the next page begins and may be used again; the filters are those of each"
        " request. A restart forgets tokens; an unknown one is InvalidParameter.",
        "A token is documented as new with every answer; its lifetime is not.",
        _QUERY,
    ),
    Assumption(
        "mps-retention",
        "Jobs are known for ever, but only the latest 5,000 ended ones.",
        "No page says how long a snapshot job can be queried.",
        "none",
    ),
    Assumption(
        "mps-cancel",
        "CancelJob of any id: InvalidParameter.ResourceNotFound.",
        "It cancels transcoding jobs; no page applies it to snapshot jobs.",
        "MPS CancelJob",
    ),
)
