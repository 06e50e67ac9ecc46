"""Where queries and memories of attention have their tokens: in the shape, or as steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from graphc.core.operands import operand, steps_mask
from graphc.core.operation import ShapeError
from graphc.core.types import BATCH, Axis, Type, is_uneven, join_domains, time_axes
from graphc.ops.checks import axis_over, need_floats, need_tokens

NAME = "attention"
ALONE = Axis("query", "query")
"""In the place of the tokens of a query that is one."""


@dataclass(frozen=True)
class Layout:
    """The axes of one attention; arrays are [*points, tokens, features] for the module.

    Args:
        query: the type of the query.
        memory: that of the memory, the query itself where there is none.
        visible: that of the truth values, if there are any.
        read: the axis of the steps that are read; None where tokens are.
    """

    query: Type
    memory: Type
    visible: Type | None
    read: Axis | None

    @classmethod
    def of(cls, over: str | None, query: Type, memory: Type, visible: Type | None) -> Layout:
        """The layout for inputs of these types; raises ShapeError."""
        need_floats(NAME, query, memory)
        read = None
        if over is not None or (len(memory.shape) == 1 and time_axes(memory)):
            read = axis_over(NAME, memory, over)
        if read is None:
            need_tokens(NAME, memory)
        elif len(memory.shape) != 1:
            message = f"`{NAME}` over `{read.name}` reads [{read.name}, features], and is given"
            raise ShapeError(f"{message} {memory}", "make features of the rest with `flatten`")
        if len(query.shape) != 1:
            need_tokens(NAME, query)
        return cls(query, memory, visible, read)

    @cached_property
    def steps(self) -> Axis | None:
        """The axis of the query whose steps are its tokens."""
        if len(self.query.shape) != 1:
            return None
        if self.read in self.query.domain:
            return self.read
        own = [axis for axis in time_axes(self.query) if axis not in self.memory.domain]
        return own[-1] if own else None

    @cached_property
    def _whole(self) -> tuple[tuple[Axis, ...], frozenset[str]]:
        visible = [] if self.visible is None else [self.visible]
        return join_domains([self.query, self.memory, *visible])

    @property
    def domain(self) -> tuple[Axis, ...]:
        """What the value varies over: the query's axes, and the memory's but for what is read."""
        gone = None if self.steps == self.read else self.read
        return tuple(axis for axis in self._whole[0] if axis != gone)

    @property
    def presence(self) -> frozenset[str]:
        return self._whole[1] & {axis.name for axis in self.domain}

    @property
    def points(self) -> tuple[Axis, ...]:
        """The axes in front of the tokens of both."""
        return tuple(axis for axis in self._whole[0] if axis not in (self.read, self.steps))

    def check(self, causal: bool, rotary: bool) -> None:
        """Raise ShapeError where the places of tokens count, but are not those of one sequence."""
        if self.read is None and len(self.query.shape) == 2:
            tokens = self.query.shape[0], self.memory.shape[0]
            if causal and tokens[0] != tokens[1]:
                raise ShapeError(
                    f"`causal` needs as many tokens in the memory as in the query, and there are"
                    f" {tokens[1]} and {tokens[0]}",
                    "leave `causal` out, or say what may be read with `visible`",
                )
        elif (causal or rotary) and (self.read is None or self.steps != self.read):
            word = "causal" if causal else "rotary"
            over = "of the same tokens" if self.read is None else f"over `{self.read.name}`"
            raise ShapeError(
                f"`{word}` of `{NAME}` needs a query {over}, as the memory is, not {self.query}",
                f"leave `{word}` out",
            )

    def check_visible(self, visible: Type) -> None:
        """Raise ShapeError for truth values that do not say what may be read."""
        if self.read is not None:
            if visible.shape or self.read not in visible.domain:
                name = self.read.name
                message = f"`visible` of `{NAME}` over `{name}` is bool [{name}], and is given"
                raise ShapeError(f"{message} {visible}")
            return
        allowed = [self.memory.shape[:1], (*self.query.shape[:-1], self.memory.shape[0])]
        if visible.shape not in allowed:
            forms = " or ".join(str(list(each)) for each in dict.fromkeys(allowed))
            raise ShapeError(f"`visible` of `{NAME}` is bool {forms}, and is given {visible}")

    def query_code(self) -> str:
        """The query as [*points, tokens, features]."""
        return operand("query", self.query, _array((*self.points, *self._tokens), self.query))

    @property
    def _tokens(self) -> tuple[Axis, ...]:
        """The axis of the query's tokens, where that is not in its shape."""
        return () if len(self.query.shape) == 2 else (self.steps or ALONE,)

    def memory_code(self) -> str:
        """The memory as [*points, tokens, features]."""
        tokens = () if self.read is None else (self.read,)
        return operand("memory", self.memory, _array((*self.points, *tokens), self.memory))

    def visible_code(self, visible: Type) -> str:
        """The truth values as [*points, tokens of the query or 1, tokens of the memory]."""
        if self.read is None:
            return operand("visible", visible, _array((*self.points, *self._tokens), self.query))
        steps = ALONE if self.steps in (None, self.read) else self.steps
        return operand("visible", visible, _array((*self.points, steps, self.read), visible))

    def mask_code(self) -> str | None:
        """The mask of the steps that are read as [*points, steps], where some may be absent."""
        if self.read is None or not is_uneven(self.memory, self.read):
            return None
        own = Type((), domain=(BATCH, self.read))
        mask = operand("x", own, _array((*self.points, self.read), own))
        return mask.replace("$x", steps_mask(self.read))

    def value_code(self, text: str) -> str:
        """What the module gives as an array of the value's type."""
        if len(self.query.shape) == 2:
            return text
        if self.steps is None:
            return f"jnp.squeeze({text}, -2)"
        place = self.domain.index(self.steps)
        return text if place == len(self.domain) - 1 else f"jnp.moveaxis({text}, -2, {place})"


def _array(domain: tuple[Axis, ...], like: Type) -> Type:
    """What an operand is to be broadcast against."""
    return Type(like.shape, domain=domain)
