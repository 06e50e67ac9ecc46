"""Samples of graphc/ops/time.py."""

from graphc.core.registry import operations
from graphc.core.types import BATCH
from graphc.testing.strategies import NODES, TIME, of, shapes, typed

SEQUENCES = [(BATCH, TIME), (BATCH, TIME, NODES), (BATCH, NODES, TIME)]
rows = shapes.map(lambda shape: (4, *shape))  # as many as the tests' sequences are long
sequences = typed(shapes, domains=SEQUENCES)

SAMPLES = {name: of(name, sequences) for name in ("first", "last", "reverse")}
SAMPLES["stream"] = typed(rows, domains=[(BATCH,), (BATCH, NODES)]).map(
    lambda x: (operations["stream"](), [x])
)
