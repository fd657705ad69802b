"""The words that fields of a snapshot task take, as constants, in the order of the vendor's numbers.

A plain string does as well.
"""

from enum import Enum


class ImageConfigFormat(str, Enum):
    """`image_config.format`."""

    JPEG = "jpeg"
    PNG = "png"


class StreamStreamType(str, Enum):
    """`stream_type` of a stream."""

    CAMERA = "camera"
    SCREEN = "screen"


class StorageConfigType(str, Enum):
    """`storage_config.type`."""

    TOS = "tos"
    VOD = "vod"
    CUSTOM = "custom"
    VEIMAGEX = "veimagex"


class VodConfigStorageClass(str, Enum):
    """`vod_config.storage_class`."""

    STANDARD = "standard"
    ARCHIVE = "archive"
    INFREQUENT_ACCESS = "infrequent-access"


class CustomConfigVendor(str, Enum):
    """`custom_config.vendor`."""

    AWS = "aws"
    ALIYUN = "aliyun"
    HUAWEI = "huawei"
    TENCENT = "tencent"
    QINIU = "qiniu"
