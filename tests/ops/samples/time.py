"""Samples of graphc/ops/time.py."""

from graphc.core.registry import operations
from graphc.core.types import BATCH
from graphc.testing.strategies import NODES, of, sequences, shapes, typed

rows = shapes.map(lambda shape: (4, *shape))  # as many as the tests' sequences are long

SAMPLES = {name: of(name, sequences) for name in ("first", "last", "reverse")}
SAMPLES["stream"] = typed(rows, domains=[(BATCH,), (BATCH, NODES)]).map(
    lambda x: (operations["stream"](), [x])
)
