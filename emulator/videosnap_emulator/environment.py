"""The dummy keys that the emulator accepts, and what the env file exports."""

from __future__ import annotations

from collections.abc import Mapping

from videosnap_emulator import listen

#: The one key pair of each vendor. They open nothing else.
ACCESS_KEY = "AKLTvideosnapEmulatorKey"
SECRET_KEY = "videosnap-emulator-secret-key"  # noqa: S105 - public on purpose
ALIBABA_KEY_ID = "LTAIvideosnapEmulatorKey"
ALIBABA_KEY_SECRET = "videosnap-emulator-alibaba-secret"  # noqa: S105 - public on purpose


def environment(host: str, ports: Mapping[str, int], token: str) -> dict[str, str]:
    """Return the variables to export; `token` is MPS's session token, if any."""
    urls = {name: listen.url(host, port) for name, port in ports.items()}
    session = {"ALIBABA_CLOUD_SECURITY_TOKEN": token} if token else {}
    return {
        "VOLCENGINE_ACCESS_KEY": ACCESS_KEY,
        "VOLCENGINE_SECRET_KEY": SECRET_KEY,
        "VOLCENGINE_RTC_ENDPOINT": urls["rtc"],
        "VOLCENGINE_TOS_ENDPOINT": urls["store"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ALIBABA_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ALIBABA_KEY_SECRET,
        **session,
        "ALIBABA_CLOUD_MPS_ENDPOINT": urls["mps"],
        "ALIBABA_CLOUD_OSS_ENDPOINT": urls["store"],
        "VIDEOSNAP_EMULATOR_URL": urls["page"],
    }
