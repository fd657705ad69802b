"""Two snapshot jobs on one video: the three stills of the vendor's tutorial, and a contact sheet."""

import pulumi

from pulumi_videosnap import alibaba

config = pulumi.Config()
location = config.get("location") or "oss-cn-hangzhou"
frames = config.get("framesBucket") or "frames"

video = alibaba.InputArgs(
    location=location,
    bucket=config.get("mediaBucket") or "media",
    object=config.get("video") or "input.mp4",
)

stills = alibaba.SnapshotJob(
    "stills",
    input=video,
    snapshot_config=alibaba.SnapshotConfigArgs(
        output_file=alibaba.OutputFileArgs(location=location, bucket=frames, object="output_{Count}.jpg"),
        time=2,  # milliseconds
        interval=2,  # seconds
        num=config.get_int("num") or 3,
        height=360,
        # The tutorial leaves it out. The vendor's pages disagree about what that means: "intra" takes key
        # frames only, and skips a moment that has none near. "normal" takes each moment's own frame.
        frame_type="normal",
    ),
    pipeline_id=config.get("pipelineId"),
)

sheet = alibaba.SnapshotJob(
    "sheet",
    input=video,
    snapshot_config=alibaba.SnapshotConfigArgs(
        output_file=alibaba.OutputFileArgs(location=location, bucket=frames, object="cell_{Count}.jpg"),
        time=0,
        interval=0,  # spread over the whole video
        num=12,
        frame_type="normal",
        tile_output_file=alibaba.TileOutputFileArgs(
            location=location, bucket=frames, object="sheet_{TileCount}.jpg"
        ),
        tile_out=alibaba.TileOutArgs(
            lines=3, columns=4, cell_width=320, cell_height=180, margin=8, padding=4, is_keep_cell_pic=False
        ),
    ),
    pipeline_id=config.get("pipelineId"),
)

pulumi.export("job", stills.job_id)
pulumi.export("frames", stills.frames)
pulumi.export("sheet", sheet.tile_frames)
