"""A thumbnail for every video that is uploaded: a bucket, a pipeline for the jobs, and a workflow."""

import pulumi

from pulumi_videosnap import alibaba

config = pulumi.Config()
location = config.get("location") or "oss-cn-hangzhou"
# Both buckets must be bound to MPS: the one as an input, the other as an output. They may come from any
# provider, such as alicloud.oss.Bucket("uploads").bucket.
uploads = config.get("uploadsBucket") or "media"
thumbnails = config.get("thumbnailsBucket") or "frames"

queue = alibaba.Pipeline("queue", location=location)

workflow = alibaba.SnapshotWorkflow(
    "thumbnails",
    input=alibaba.WorkflowInputArgs(location=location, bucket=uploads, prefix="videos/"),
    pipeline_id=queue.pipeline_id,
    snapshots={
        "cover": alibaba.WorkflowSnapshotArgs(
            # {RunId} keeps the thumbnail of each upload; without it, the next upload of a name overwrites it.
            output_file=alibaba.OutputFileArgs(
                location=location, bucket=thumbnails, object="thumbnails/{FileName}/{RunId}.jpg"
            ),
            time=config.get_int("moment") or 1000,  # milliseconds
            width=320,
            height=180,
            frame_type="normal",
            media_cover=True,
        ),
    },
    publish="auto",  # a page can show them; "manual" leaves them private
)

pulumi.export("workflow", workflow.media_workflow_id)
pulumi.export("pipeline", queue.pipeline_id)
