"""A reference for operations that leave points alone: numpy, one point of the domain at a time."""

from itertools import product

import numpy as np

from graphc.core.types import BATCH, join_domains
from graphc.testing.forms import SIZES
from graphc.testing.strategies import NODES, TIME

DOMAINS = {
    "none": lambda i: (),
    "batch": lambda i: (BATCH,),
    "stream": lambda i: (BATCH, TIME),
    "first alone": lambda i: () if i else (BATCH,),
    "others by step": lambda i: (BATCH, TIME) if i else (BATCH,),
    "other order": lambda i: (BATCH, TIME, NODES) if i else (BATCH, NODES, TIME),
}
"""For each case, the domain of the input number i."""


def at_points(function, types, arrays):
    """`function` of the parts of the arrays at each point, laid out as the joined domain."""
    domain, _ = join_domains(types)
    sizes = [SIZES[axis] for axis in domain]
    found = []
    for point in product(*map(range, sizes)):
        place = dict(zip(domain, point, strict=True))
        parts = [
            np.asarray(array)[tuple(place[axis] for axis in own.domain)]
            for own, array in zip(types, arrays, strict=True)
        ]
        found.append(np.asarray(function(*parts)))
    return np.stack(found).reshape((*sizes, *found[0].shape))
