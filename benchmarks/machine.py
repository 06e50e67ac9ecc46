"""The machine of a run, by cores and versions."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

from graphc import compiler
from graphc.api.model import default_device
from graphc.core.forms import FORMS, Forms
from graphc.core.span import Source

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "networkx", "PyYAML")


def here() -> Forms:
    """What the compiler goes by on the device that jax finds."""
    return FORMS[default_device()]


def compile_here(
    source: str | Source,
    settings: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    forms: Forms | None = None,
) -> compiler.Compiled:
    """A spec, or the one at a path, for the device that jax finds."""
    return compiler.compile(source, settings, without, default_device(), forms=forms)


def about() -> str:
    """One line: the date, the device and the cores, what else ran, the versions that matter."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    load = f"load before the run {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    cores = f"{_accelerator()}{os.cpu_count()} cores ({_processor()})"
    python = f"Python {platform.python_version()}"
    return f"{datetime.date.today()}; {cores}; {load}; {python}, {versions}."


def _accelerator() -> str:
    """What jax finds, if that is more than cores."""
    if default_device() == "cpu":
        return ""
    import jax

    return f"{jax.devices()[0].device_kind}, "


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
