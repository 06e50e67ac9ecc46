"""Names of classes and functions of the emitted module, made from the spec's."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

MODULES = ("copy", "fnmatch", "functools", "zlib", "jax", "jnp", "optax", "nnx")
CONTRACT = (
    *("CONTRACT", "build", "call", "graphdef", "forward", "losses", "metrics", "optimizer"),
    *("init", "train_step", "evaluate_step", "sums", "main"),
    *("EPOCH_STEPS", "PATHS", "penalty", "mixed_examples", "CLASS_WEIGHTS", "draw_neighbours"),
    *("draw_the_same", "task_losses", "COMPILER_OPTIONS"),
)
STEPS = ("begin", "step")
ROUNDS = (
    *("objectives", "means", "rules", "owned", "due", "follow", "move", "samples"),
    *("VALUES", "OWNED", "SAMPLED", "TURNS"),
)
BUILTINS = ("range", "enumerate", "print", "map", "max", "len", "sum", "list", "str", "int")


class ModuleNames:
    """The names at the module's top level: each is given once."""

    def __init__(self, library: Iterable[str], steps: bool = False, rounds: bool = False) -> None:
        more = (*(STEPS if steps else ()), *(ROUNDS if rounds else ()))
        self.reserved = frozenset((*MODULES, *CONTRACT, *BUILTINS, *more, *library))
        self.given: set[str] = set()

    def of_class(self, title: str) -> str:
        """`vision/stem` is `VisionStem`; a second one is `VisionStem2`."""
        words = re.findall(r"[A-Za-z0-9]+", title)
        word = "".join(each[:1].upper() + each[1:] for each in words)
        if not word or word[0].isdigit() or keyword.iskeyword(word):
            word = f"Block{word}"
        return self._numbered(word, "")

    def of_function(self, title: str) -> str:
        """`vision/swish` is `vision_swish`; a second one is `vision_swish_2`."""
        word = "_".join(re.findall(r"[A-Za-z0-9]+", title))
        if not word or word[0].isdigit():
            word = f"block_{word}"
        if keyword.iskeyword(word) or word in self.reserved:
            word = f"{word}_block"
        return self._numbered(word, "_")

    def _numbered(self, word: str, between: str) -> str:
        found, number = word, 2
        while found in self.given or found in self.reserved:
            found, number = f"{word}{between}{number}", number + 1
        self.given.add(found)
        return found


def key_path(name: str) -> tuple[str | int, ...]:
    """The segments of a spec path: numbers are indices of repeated layers."""
    return tuple(int(part) if part.isdecimal() else part for part in name.split("/"))
