"""The machine of a run, by cores and versions."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "networkx", "PyYAML")


def about() -> str:
    """One line: the date, cores, what else ran, and the versions that matter."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    load = f"load before the run {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    cores = f"{os.cpu_count()} cores ({_processor()})"
    python = f"Python {platform.python_version()}"
    return f"{datetime.date.today()}; {cores}; {load}; {python}, {versions}."


def _processor() -> str:
    """The model of the processor and the instructions that decide its speed in products."""
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    fields = dict(
        (part.strip() for part in line.split(":", 1)) for line in text.splitlines() if ":" in line
    )
    flags = set(fields.get("flags", "").split())
    known = {"avx2": "AVX2", "avx512f": "AVX-512", "amx_tile": "AMX"}
    return ", ".join(
        [
            fields.get("model name", platform.processor() or platform.machine()),
            *(word for flag, word in known.items() if flag in flags),
        ]
    )
