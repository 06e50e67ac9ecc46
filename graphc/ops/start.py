"""What a run starts from, where that is another run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphc.core.attributes import Text
from graphc.core.by_path import PATTERNS, ByPath
from graphc.core.declaration import Declaration, attribute, primary


@dataclass(frozen=True)
class InitFrom(Declaration):
    """A run whose weights this one starts from, as far as paths and shapes agree."""

    name = "init_from"

    run: str = primary(Text(), "the directory of that run, relative to the folder of the spec")
    take: tuple[tuple[str, str], ...] = attribute(
        ByPath(Text()),
        "the weights to take: their paths there, and their paths here; default: all, by one path",
        (),
    )
    leave: tuple[str, ...] = attribute(
        PATTERNS, "weights of this spec that are drawn all the same, by their paths here", ()
    )

    def complaint(self) -> str | None:
        for there, here in self.take:
            if there.count("*") != here.count("*"):
                return f"`{there}` and `{here}` do not have equally many `*`"
        return None

    def origin(self, path: str) -> str | None:
        """The path there of the weight that is `path` here; None where `take` does not name it.

        Example:
            >>> InitFrom(run="a", take=(("encoder/*", "body/*"),)).origin("body/conv/kernel")
            'encoder/conv/kernel'
        """
        if not self.take:
            return path
        for there, here in self.take:
            if found := matched(here, path):
                words = iter(found.groups())
                return "".join(next(words) if part == "*" else part for part in _parts(there))
        return None


def matched(pattern: str, path: str) -> re.Match[str] | None:
    """How a pattern is that of a path; a group for each `*`."""
    return re.fullmatch(
        "".join("(.*)" if part == "*" else re.escape(part) for part in _parts(pattern)), path
    )


def _parts(pattern: str) -> list[str]:
    """A pattern cut before and behind each `*`."""
    return re.split(r"(\*)", pattern)
