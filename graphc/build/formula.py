"""Formulas: `gate * h + (1 - gate) * h@t-1` as an expression, by precedence climbing.

    expression = operand { operator operand }          + -, then * / //, then **
    operand    = "-" operand | number | "(" expression ")" | "$" name [ "." name ]
               | name [ "." name ] [ "@" axis ("+" | "-") number ]
               | path "(" [ argument { "," argument } ] ")"
    argument   = [ name "=" ] expression
    path       = name { "/" name }

`**` binds tighter than a `-` before it and groups to the right, as in Python. A slash belongs to
a path only where nothing but names and slashes, without a space, leads up to a parenthesis:
`a/f(x)` calls `a/f`, and `a / f(x)`, `a/b`, `2/f(x)` and `$a/f(x)` divide.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

from graphc.build.formula_tokens import Token, tokens
from graphc.build.places import Places
from graphc.build.syntax import (
    Apply,
    Binary,
    Delay,
    Expression,
    Number,
    Parameter,
    Reference,
    Unary,
)
from graphc.core import misspellings
from graphc.core.diagnostic import Diagnostic, Note, SpecError
from graphc.core.span import Span
from graphc.core.tree import Scalar

MOST_DEPTH = 100
LARGEST_INT = 2**63 - 1
_SUM, _PRODUCT, _NEGATIVE, _POWER = 1, 2, 3, 4
_PRECEDENCE = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "**": _POWER}
_SPACED_OFFSET = re.compile(r"@[A-Za-z_]\w*\s*[-+]\s*[0-9]+", re.ASCII)
_FOLD = re.compile(r"[ \t]*\n\s*")
_ONE_NAME = "give the value a name of its own: `name: ...`, and write `name{}`"

Parsed = tuple[Expression, int, int]


def parse(text: Scalar) -> Expression:
    """The expression that a formula says; every part knows its own place.

    Raises:
        SpecError: with the first problem.
    """
    return _Parser(text).formula()


class _Parser:
    """Each method takes what it is named after and returns it with its first and last offset."""

    def __init__(self, scalar: Scalar) -> None:
        self.text = scalar.text
        self.places = Places(scalar)
        if not scalar.text.strip():
            raise SpecError(Diagnostic("GC150", "a formula is missing", scalar.span))
        if glued := misspellings.glued(scalar):
            raise SpecError(glued)
        self.tokens = tokens(scalar, self.places)
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        """The token here; go to the next."""
        token = self.tokens[self.index]
        self.index += token.kind != "end"
        return token

    def formula(self) -> Expression:
        """All of the text."""
        expression, _, _ = self.expression(0)
        if self.token.kind != "end":
            self.misplaced(self.token)
        return expression

    def expression(self, minimum: int) -> Parsed:
        """Operands and operators that bind at least as tightly as `minimum`."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            message = f"the formula nests more than {MOST_DEPTH} deep here"
            help = "give the inner part a name of its own"
            self.fail("GC161", message, self.token, help)
        left, start, end = self.operand()
        while (precedence := _PRECEDENCE.get(self.token.kind, -1)) >= max(minimum, _SUM):
            operator = self.take().kind
            right, _, end = self.expression(precedence + (operator != "**"))
            left = Binary(operator, left, right, self.places.span(start, end))
        self.depth -= 1
        return left, start, end

    def operand(self) -> Parsed:
        """A value without an operator behind it."""
        token = self.take()
        if token.kind == "name":
            if self.token.kind == "(":
                return self.call(token)
            return self.reference(token)
        if token.kind == "number":
            return self.number(token), token.start, token.end
        if token.kind == "$":
            return self.parameter(token)
        if token.kind == "-":
            value, _, end = self.expression(_POWER)
            return Unary("-", value, self.places.span(token.start, end)), token.start, end
        if token.kind == "(":
            value, _, _ = self.expression(0)
            return value, token.start, self.close(token)
        self.missing(token)

    def call(self, name: Token) -> Parsed:
        """`name(a, b, key=value)`."""
        opened = self.take()
        arguments: list[Expression] = []
        keywords: dict[str, tuple[Scalar, Scalar, Expression]] = {}
        while self.token.kind != ")" or arguments or keywords:
            keyword = self.keyword(keywords)
            first = self.token
            value, start, end = self.expression(0)
            if keyword is not None:
                source = _FOLD.sub(" ", self.text[start:end])
                source = Scalar(source, self.places.span(start, end))
                keywords[keyword.text] = (keyword, source, value)
            elif keywords:
                message = "a value without a name stands after one with a name"
                help = f"move it before `{next(iter(keywords))}=`"
                self.fail("GC159", message, Token("", "", first.start, end), help)
            else:
                arguments.append(value)
            if self.token.kind != ",":
                break
            self.take()
        end = self.close(opened)
        spans = self.places.span(name.start, end), self.places.span(name.start, name.end)
        return Apply(name.text, tuple(arguments), tuple(keywords.values()), *spans), name.start, end

    def keyword(self, known: dict[str, tuple[Scalar, Scalar, Expression]]) -> Scalar | None:
        """`key=` before a value, if it is there."""
        if self.token.kind != "name" or self.tokens[self.index + 1].kind != "=":
            return None
        token = self.take()
        self.take()
        if token.text in known:
            note = Note(f"the first `{token.text}=` stands", known[token.text][0].span)
            self.fail("GC163", f"`{token.text}=` stands twice in one call", token, notes=[note])
        return Scalar(token.text, self.span(token))

    def close(self, opened: Token) -> int:
        """The `)` that belongs to an opened parenthesis; the offset behind it."""
        token = self.token
        if token.kind == ")":
            return self.take().end
        if token.kind == "end":
            self.fail("GC153", "`(` is never closed", opened, "add `)`")
        self.misplaced(token)

    def reference(self, name: Token) -> Parsed:
        """`name.port@t-1`."""
        end, port, delay = name.end, None, None
        if self.touches(".", end):
            port = self.member(self.take(), "a port")
            end = port.end
        if self.token.kind == "@":
            delay, end = self.delay(name.start, end)
        span = self.places.span(name.start, end)
        return Reference(name.text, span, port.text if port else None, delay), name.start, end

    def parameter(self, sign: Token) -> Parsed:
        """`$name` or `$input.below`."""
        name = self.token
        if name.kind != "name" or name.start != sign.end:
            self.fail("GC165", "`$` stands without a name", sign, "write `$name`, without braces")
        end, member = self.take().end, None
        if self.touches(".", end):
            member = self.member(self.take(), "a property")
            end = member.end
        span = self.places.span(sign.start, end)
        return Parameter(name.text, span, member.text if member else None), sign.start, end

    def member(self, dot: Token, what: str) -> Token:
        """The name behind a dot."""
        name = self.token
        if name.kind != "name" or name.start != dot.end:
            self.fail("GC164", f"{what} is a name, and none follows `.`", dot)
        return self.take()

    def delay(self, start: int, end: int) -> tuple[Delay, int]:
        """`@t-1`, which touches the name that ends at `end`."""
        sign = self.take()
        axis = self.token
        if sign.start != end or (axis.start > sign.end and axis.kind != "end"):
            help = (
                "a delay has no spaces: `a@t-1`; a product with a learned matrix is a `dense` step"
            )
            self.fail("GC128", "`@` is no operator", sign, help)
        if axis.kind != "name":
            help = f"write `{self.text[start:end]}@t-1`"
            self.fail("GC154", "`@` needs the name of a time axis", sign, help)
        self.take()
        direction, digits, port = self.next_three()
        if direction.start != axis.end or digits.start != direction.end:
            self.spaced(start, sign)
        if port.kind == "name" and port.start == digits.end and digits.text.endswith("."):
            place = Token("", "", digits.end - 1, port.end)
            help = f"write `{self.text[start:end]}.{port.text}{self.text[end : digits.end - 1]}`"
            self.fail("GC154", "a port stands behind the delay", place, help)
        if direction.kind not in ("+", "-") or not digits.text.isdigit() or len(digits.text) > 9:
            place = Token("", "", sign.start, axis.end)
            if direction.kind in ("+", "-") and direction.start == axis.end:
                place = Token("", "", sign.start, digits.end)
            help = f"write `{self.text[start : axis.end]}-1`"
            self.fail("GC154", "a delay needs a whole number after `-` or `+`", place, help)
        offset = int(digits.text) * (1 if direction.kind == "+" else -1)
        self.index += 2
        if offset == 0:
            place = Token("", "", sign.start, digits.end)
            help = f"write `{self.text[start:end]}`"
            self.fail("GC154", "a delay of 0 is none", place, help)
        return Delay(offset, None if axis.text == "t" else axis.text), digits.end

    def next_three(self) -> list[Token]:
        """This token and the two behind it, as far as there are any."""
        last = len(self.tokens) - 1
        return [self.tokens[min(self.index + ahead, last)] for ahead in range(3)]

    def spaced(self, start: int, sign: Token) -> None:
        """Raise the error for `h@t - 1`."""
        match = _SPACED_OFFSET.match(self.text, sign.start)
        if match:
            place = Token("", "", sign.start, match.end())
            right = "".join(self.text[start : match.end()].split())
            self.fail("GC127", "the offset of `@` has a space in it", place, f"write `{right}`")

    def number(self, token: Token) -> Number:
        """A literal, which must fit: nothing is rounded to 0 or to infinity."""
        span = self.span(token)
        if token.text.isdigit():
            if len(token.text) <= 40 and int(token.text) <= LARGEST_INT:
                return Number(int(token.text), span)
        else:
            value = float(token.text)
            digits = re.split("[eE]", token.text)[0].strip("0.")
            if math.isfinite(value) and (value or not digits):
                return Number(value, span)
        message = f"the number {token} is out of range"
        self.fail("GC162", message, token, "whole numbers have 64 bits, others a range of 1e±308")

    def touches(self, kind: str, end: int) -> bool:
        return self.token.kind == kind and self.token.start == end

    def missing(self, token: Token) -> NoReturn:
        """Raise the error for what stands where a value must."""
        if token.kind == "end":
            last = self.tokens[-2]
            message = f"the formula ends after {last}, where a value must follow"
            self.fail("GC150", message, last)
        if token.kind == "@":
            self.fail("GC154", "`@` needs a name before it", token, "write `name@t-1`")
        self.fail("GC152", f"a value is missing before {token}", token)

    def misplaced(self, token: Token) -> NoReturn:
        """Raise the error for what stands behind a value and cannot."""
        before = self.tokens[self.index - 1]
        if token.kind == ")":
            self.fail("GC153", "`)` closes nothing", token, "add `(` or leave it out")
        if token.kind == "=":
            help = "`=` gives an attribute in a call: `softmax(a, over=time)`"
            self.fail("GC152", "`=` cannot stand here", token, help)
        if token.kind == ",":
            self.fail("GC152", "`,` stands outside of a call", token)
        if token.kind == "@":
            self.fail("GC164", "a delay follows a name", token, _ONE_NAME.format("@t-1"))
        if token.kind == ".":
            self.fail("GC164", "a port follows a name", token, _ONE_NAME.format(".port"))
        if token.kind == "(" and before.kind == "name":
            help = "a call has one name, such as `f(x)` or `library/f(x)`"
            self.fail("GC164", "this is not a name that can be called", token, help)
        if before.kind == "name" and self.touches("number", before.end) and token.text[0] == ".":
            self.fail("GC164", f"a port is a name, not a number: {token}", token)
        help = "a product is written with `*`" if token.kind in ("(", "$", "name") else None
        if token.text in ("and", "or", "not", "if", "else", "in", "is"):
            help = "a choice is `where(condition, a, b)`"
        self.fail("GC152", f"an operator is missing between {before} and {token}", token, help)

    def span(self, token: Token) -> Span:
        return self.places.span(token.start, token.end)

    def fail(self, code: str, message: str, token: Token, help=None, notes=()) -> NoReturn:
        """Raise a problem at a token."""
        raise SpecError(Diagnostic(code, message, self.span(token), tuple(notes), help))


def unparse(expression: Expression) -> str:
    """The formula of an expression, with no more parentheses than it needs."""
    return _text(expression, 0)


def _text(expression: Expression, minimum: int) -> str:
    """The text, in parentheses where the place asks for something that binds more tightly."""
    if isinstance(expression, Binary):
        text = _chain(expression)
    elif isinstance(expression, Unary):
        text = f"-{_text(expression.operand, _NEGATIVE)}"
    elif isinstance(expression, Apply):
        values = [_text(value, 0) for value in expression.arguments]
        values += [f"{key.text}={source.text}" for key, source, _ in expression.keywords]
        text = f"{expression.function}({', '.join(values)})"
    elif isinstance(expression, Parameter):
        text = f"${expression.name}" + (f".{expression.member}" if expression.member else "")
    elif isinstance(expression, Number):
        text = repr(expression.value)
    else:
        text = str(expression)
    return f"({text})" if _binding(expression) < minimum else text


def _chain(binary: Binary) -> str:
    """`a + b - c`, down the left side in a loop, for sums can be long."""
    parts: list[str] = []
    while True:
        operator = binary.operator
        power = operator == "**"
        right = _NEGATIVE if power else _PRECEDENCE[operator] + 1
        left = _PRECEDENCE[operator] + power
        parts.append(f" {operator} {_text(binary.right, right)}")
        if not isinstance(binary.left, Binary) or _binding(binary.left) < left:
            parts.append(_text(binary.left, left))
            return "".join(reversed(parts))
        binary = binary.left


def _binding(expression: Expression) -> int:
    """How tightly the outermost sign of an expression binds."""
    if isinstance(expression, Binary):
        return _PRECEDENCE[expression.operator]
    negative = isinstance(expression, Number) and expression.value < 0
    return _NEGATIVE if negative or isinstance(expression, Unary) else _POWER + 1
