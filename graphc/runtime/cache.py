"""The persistent compilation cache: a second start need not compile again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`graphc/xla` in the user's cache folder."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "graphc" / "xla"


def use_compilation_cache(folder: Path | None = None) -> bool:
    """Keep compiled programs in `folder`, from the next compilation on.

    Returns whether it is in use: a folder that cannot be written is no reason to fail. Call it
    before the first compilation. A user's own setting (`JAX_COMPILATION_CACHE_DIR`) is left alone.
    """
    import jax

    if getattr(jax.config, "jax_compilation_cache_dir", None):
        return True
    folder = folder or cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    if not os.access(folder, os.W_OK):
        return False
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # Small programs are most of a cold start: keep them too.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    return True
