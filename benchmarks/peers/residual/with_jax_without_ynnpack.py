"""JAX tuned by hand with XLA's YNNPACK off: a flag of the process, set before JAX starts."""

from __future__ import annotations

import os

os.environ["XLA_FLAGS"] = (
    f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_experimental_ynn_fusion_type="
).strip()

from benchmarks.peers.residual.with_jax import start as start
