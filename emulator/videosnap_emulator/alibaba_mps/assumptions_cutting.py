"""What the vendor's documents leave open about the pictures of a snapshot job, and what is done here."""

from __future__ import annotations

from videosnap_emulator.assumption import Assumption

_DETAILS = "MPS parameter details, SnapshotConfig"
_TILES = "MPS parameter details, TileOut"
_FAQ = "MPS FAQ about taking snapshots"
_FEATURE = "MPS feature page on snapshots (document 88780)"
_SISTER = "measured answers of a sister service of the vendor"

CUTTING_ASSUMPTIONS = (
    Assumption(
        "mps-time-zero",
        "Times count from the first frame of the first video stream; the end of its last frame is past"
        " the end.",
        "Files may start at another time than 0 and have longer sound; the pages name neither.",
        _DETAILS,
    ),
    Assumption(
        "mps-containers",
        "MP4, MOV, 3GP, MKV, WebM, FLV, MPEG-TS, MPEG-PS, AVI, ASF and MXF are read. A play list (m3u8),"
        " a still picture or anything else is InvalidParameter.ResourceContentBad.",
        "A play list would need further objects of the bucket, and no list of inputs is given for snapshots.",
        _FAQ,
    ),
    Assumption(
        "mps-damaged-input",
        "A file that is cut short is InvalidParameter.ResourceContentBad, wherever its index or length"
        " tells so; a part of an MPEG stream is a shorter video. A frame that cannot be decoded is"
        " replaced by the one before.",
        "The code is described as 'the resource is broken', without examples.",
        "MPS error codes",
    ),
    Assumption(
        "mps-no-picture",
        "A job that would take no picture at all fails with InvalidParameter.ResourceContentBad.",
        "That is documented for a single picture past the end; Success with nothing written would hide a"
        " mistake.",
        _FAQ,
    ),
    Assumption(
        "mps-limits",
        "At most 5000 pictures a job, and pictures and sheets of at most 250 million pixels and 65500"
        " along a side; more is InternalError.",
        "No limit is documented; pictures are in memory here.",
        "none",
    ),
    Assumption(
        "mps-time-points",
        "Time points are taken in ascending order, once each; those past the end are dropped; with key"
        " frames, each gets the nearest one, however far.",
        "Only the response's type (a list of integers) is published.",
        f"SDK 6.0.3 models, {_FEATURE}",
    ),
    Assumption(
        "mps-num-without-interval",
        "Num without Interval: every 10 seconds from Time on. The other reading, Num pictures spread over"
        " the video, can be chosen.",
        "The pages contradict each other.",
        f"{_DETAILS} (default 10), {_FAQ} of 2022 (duration / Num)",
    ),
    Assumption(
        "mps-one-picture",
        "Sheets or WebVTT without Num, Interval and time points show one picture; Num 1 always does.",
        "Only Num, Interval and time points are said to ask for several.",
        f"{_DETAILS}, {_FAQ}",
    ),
    Assumption(
        "mps-average",
        "Interval 0: picture n of N is taken at exactly Time + n * (duration - Time) / N, n from 0.",
        "'Evenly over the video' does not say whether start and end are included; the FAQ's duration /"
        " Num fits.",
        f"{_DETAILS}, {_FAQ}",
    ),
    Assumption(
        "mps-average-without-num",
        "Interval 0 without Num: the default Interval of 10 seconds, until the end.",
        "Without a number there is nothing to spread evenly.",
        _DETAILS,
    ),
    Assumption(
        "mps-nearest-key-frame",
        "The nearest key frame may lie on either side of the moment; the earlier of two equally near ones"
        " is taken.",
        "The pages say 'nearest' only.",
        _FAQ,
    ),
    Assumption(
        "mps-near",
        "In a sequence a key frame is near if it is at most half an interval before the moment or less"
        " than that after it, so each key frame serves one moment. Other moments get no picture.",
        "That no picture is taken without a key frame near is documented, the distance is not. The sister"
        " service took about as many pictures as the clip would have key frames.",
        f"{_FAQ}, {_SISTER}",
    ),
    Assumption(
        "mps-black-defaults",
        "BlackLevel 100 and PixelBlackThreshold 70 where the filter is on and the request names none, and"
        " always for a single picture at time 0. With several pictures the filter is on if either is"
        " given.",
        "100 is advised for pure black and 70 is the example; no default is stated.",
        _DETAILS,
    ),
    Assumption(
        "mps-black-pixel",
        "A pixel is black if its luma (ITU-R 601, 0 to 255) is below the threshold; a frame is black if"
        " the share of such pixels is at least BlackLevel per cent.",
        "'Pixel value' and the metric are not defined.",
        _DETAILS,
    ),
    Assumption(
        "mps-black-candidates",
        "In place of a black first picture the first frame that is not black and starts before 5 s is"
        " taken, with FrameType intra the first such key frame; its {SnapshotTime} stays 0. A single"
        " picture fails with InvalidParameter.ResourceContentBad when there is none.",
        "Neither the frames examined nor the failure's code are stated.",
        f"{_DETAILS}, {_FEATURE}",
    ),
    Assumption(
        "mps-count",
        "{Count} and {TileCount} have five digits, more above 99999; {Count} numbers the pictures really"
        " taken.",
        "The rule shows 00001 and names no end.",
        _DETAILS,
    ),
    Assumption(
        "mps-snapshot-time",
        "{SnapshotTime} is the moment asked for in milliseconds; on a sheet that of its first picture.",
        "Neither its form nor its meaning in sequences is stated.",
        _FEATURE,
    ),
    Assumption(
        "mps-both-sides",
        "With Width and Height given, the frame is stretched to them.",
        "The pages say only that one missing side keeps the proportions.",
        _FAQ,
    ),
    Assumption(
        "mps-rounding",
        "A side that follows from the other is the nearest even number of pixels; pixels count as square.",
        "Rounding is not stated; the sister service was seen to make an odd side even.",
        _SISTER,
    ),
    Assumption(
        "mps-cell-size",
        "CellWidth and CellHeight default to the picture's sides one by one; pictures are stretched to"
        " the cell.",
        "The table gives the two defaults separately.",
        _TILES,
    ),
    Assumption(
        "mps-last-sheet",
        "The last sheet is as large as the others; its empty cells have the sheet's colour.",
        "Not stated.",
        _TILES,
    ),
    Assumption(
        "mps-cell-step",
        "CellSelStep n puts every n-th picture on the sheets, beginning with the first; all are taken and"
        " counted.",
        "The field is named 'step for selecting a single picture' in answers and nowhere explained.",
        _TILES,
    ),
    Assumption(
        "mps-tile-colour",
        "Color is a CSS colour keyword in any case, #rrggbb, or random: a colour derived from the request.",
        "The list of keywords is not published; a real random colour would make runs differ.",
        _TILES,
    ),
    Assumption(
        "mps-tile-count",
        "TileCount is the number of sheets.",
        "The pages' wording also allows the number of cells.",
        "SubmitSnapshotJob, TileCount",
    ),
    Assumption(
        "mps-vtt",
        "A cue lasts from the moment asked for until one interval later (until the next cue or the"
        " video's end where there is no interval), with hours always written.",
        "MPS publishes no example.",
        _SISTER,
    ),
    Assumption(
        "mps-vtt-names",
        "x.vtt has its pictures beside it: x/snapshot-00001.jpg, or x/snapshot-tile-00001.jpg with"
        " SubOut.IsSptFrag; then single pictures are not kept. TileOutputFile, which TileOut needs, names"
        " nothing.",
        "MPS publishes no names; the one for sheets was seen.",
        _SISTER,
    ),
)
