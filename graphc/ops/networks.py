"""What a network is beside what it computes: where its weights come from, and whether they move."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Float, Int, Nested, Text
from graphc.core.declaration import Declaration, attribute, primary


@dataclass(frozen=True)
class FromRun(Declaration):
    """A network of a finished run."""

    name = "from_run"

    run: str = primary(Text(), "the directory of that run, relative to the folder of the spec")
    network: str | None = attribute(Text(), "which of its networks; default: the only one", None)


@dataclass(frozen=True)
class Role(Declaration):
    """What a network is beside what it computes.

    One that is frozen, and one that follows another one as a copy or an average, runs in evaluation
    mode, and no objective moves it.
    """

    name = "network"

    frozen: bool = attribute(
        Bool(), "whether its weights and running statistics stay as they are", False
    )
    from_run: FromRun | None = attribute(
        Nested(FromRun), "a network of a finished run, in place of `inputs` and `layers`", None
    )
    copy: str | None = attribute(
        Text(), "the network that it is like and whose weights it takes, at the start too", None
    )
    every: int | None = attribute(
        Int(1), "after how many rounds a copy takes the weights again; default: never", None
    )
    average: str | None = attribute(
        Text(), "the network that it is like, and the moving average of whose weights it has", None
    )
    decay: float | None = attribute(
        Float(minimum=0, below=1), "what a moving average keeps of itself in a round", None
    )

    @property
    def of(self) -> str | None:
        """The network that it follows."""
        return self.copy if self.copy is not None else self.average

    @property
    def still(self) -> bool:
        """Whether nothing is trained of it."""
        return self.frozen or self.of is not None

    def complaint(self) -> tuple[str, str] | None:
        kinds = [word for word in ("from_run", "copy", "average") if getattr(self, word)]
        if len(kinds) > 1:
            return f"a network is either `{kinds[0]}` or `{kinds[1]}`", kinds[1]
        if self.frozen and self.of is not None:
            return f"`frozen` says nothing of `{kinds[0]}`, which no objective moves", "frozen"
        if self.every is not None and self.copy is None:
            return "`every` belongs to `copy`", "every"
        if self.decay is not None and self.average is None:
            return "`decay` belongs to `average`", "decay"
        if self.average is not None and self.decay is None:
            return "`average` needs `decay`: write `decay: 0.999`", "average"
        return None


ROLE = tuple(each.name for each in Role.attributes())
"""The keys of a network that say so."""
OF_OTHERS = ("from_run", "copy", "average")
"""Those of networks that have no `inputs` and `layers` of their own."""
