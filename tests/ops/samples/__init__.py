"""Samples of every operation, a file for each file of graphc/ops.

Each file has a dict SAMPLES: the strategy of an operation's samples by the operation's name. What
is elementwise and has no attributes needs none.
"""

import importlib
import pkgutil

from graphc.core.operation import Elementwise
from graphc.core.registry import operations
from graphc.testing.strategies import anything, of

SAMPLES = {
    each.name: of(each.name, anything)
    for each in operations
    if each.trait(Elementwise) and not each.attributes()
}
for file in pkgutil.iter_modules(__path__, f"{__name__}."):
    SAMPLES |= importlib.import_module(file.name).SAMPLES
