"""What the device has."""

from __future__ import annotations

import jax


def device_memory() -> int | None:
    """The bytes of its memory; None where it uses that of the host, or does not say."""
    device = jax.local_devices()[0]
    stats = None if device.platform == "cpu" else device.memory_stats()
    return (stats or {}).get("bytes_limit")
