"""Operations that passes put in the place of layers; the arrays stay those of the spec's nodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate

from graphc.core.code import Code, code
from graphc.core.operands import operand
from graphc.core.operation import Input, LibraryConvolution, Operation, Weight
from graphc.core.types import Axis, Type, constant, join_domains


@dataclass(frozen=True)
class Beside(Operation):
    """Layers that read the same input as one wider layer, whose value is theirs side by side.

    In the source it is the list of their values, and each `Part` is an item. (The gradient of
    `jnp.split` joins those of the parts; that of slices adds them up, padded, which is slower.)

    Args:
        layers: they differ in their outputs only, which are the last axis of each array and of
            the value; none has an activation.
        paths: the spec's path of each below the graph that holds them.
    """

    name = "beside"
    build = code("beside($layers)")  # the emitter writes the layers, each with its own key
    layers: tuple[Operation, ...]
    paths: tuple[str, ...]

    def infer(self, x: Type) -> Type:
        return x.with_shape((*self.layers[0].infer(x).shape[:-1], self.places(x)[-1].stop))

    def places(self, x: Type) -> list[slice]:
        """Where the outputs of each layer lie along the last axis."""
        found, start = [], 0
        for layer in self.layers:
            stop = start + layer.infer(x).features
            found.append(slice(start, stop))
            start = stop
        return found

    def call_code(self, x: Type) -> Code:
        return code(f"jnp.split({self.layers[0].call_code(x).text}, $sections, axis=-1)")

    def before_product(self) -> Operation | None:
        return self.layers[0].before_product()

    def holes(self, x: Type) -> dict[str, object]:
        stops = [place.stop for place in self.places(x)]
        even = len({layer.infer(x).features for layer in self.layers}) == 1
        return {"sections": len(stops) if even else stops[:-1]}

    def weights(self, x: Type) -> dict[str, Weight]:
        wide = self.places(x)[-1].stop
        narrow = self.layers[0].weights(x)
        return {name: Weight((*each.shape[:-1], wide)) for name, each in narrow.items()}

    def flops(self, x: Type) -> int:
        return sum(layer.flops(x) for layer in self.layers)


@dataclass(frozen=True)
class Part(Operation):
    """One layer's share of the value of `Beside`, under its activation.

    Args:
        index: which of the layers.
        features: its outputs.
    """

    name = "part"
    call = code("$x[$index]")

    index: int
    features: int
    activation: Operation | None = None

    def infer(self, x: Type) -> Type:
        return x.with_last(self.features)

    def holes(self, x: Type) -> dict[str, object]:
        return {"index": self.index}


@dataclass(frozen=True)
class Folded(Operation):
    """A layer whose kernel and bias take in the normalisation behind it; for inference only.

    Args:
        layer: it has a bias, and its outputs are the last axis of its arrays.
        norm: the normalisation.
        path: the spec's path of the normalisation below the graph that holds the layer.
    """

    name = "folded"

    layer: Operation
    norm: Operation
    path: str

    @property
    def inputs(self) -> tuple[Input, ...]:  # type: ignore[override]
        return self.layer.inputs

    @property
    def precision(self) -> str | None:
        """What the operands of its products are."""
        return getattr(self.layer, "precision", None)

    def infer(self, *types: Type) -> Type:
        return self.layer.infer(*types)

    def weights(self, *types: Type) -> dict[str, Weight]:
        return self.layer.weights(*types)

    def flops(self, *types: Type) -> int:
        return self.layer.flops(*types)

    def build_code(self, *types: Type) -> Code | None:
        return self.layer.build_code(*types)

    def call_code(self, *types: Type) -> Code:
        return self.layer.call_code(*types)

    def holes(self, *types: Type) -> dict[str, object]:
        attributes = {each.name: getattr(self.layer, each.name) for each in self.layer.attributes()}
        return attributes | self.layer.holes(*types)


@dataclass(frozen=True)
class Held(Operation):
    """A layer of which only the arrays are used, by others; it has no value of its own.

    Args:
        layer: it has no activation.
        types: those of the inputs that it was written for.
    """

    name = "held"
    inputs = ()

    layer: Operation
    types: tuple[Type, ...]

    def infer(self) -> Type:
        return constant(())

    def weights(self) -> dict[str, Weight]:
        return self.layer.weights(*self.types)

    def build_code(self) -> Code | None:
        return self.layer.build_code(*self.types)


@dataclass(frozen=True)
class Rows(Operation):
    """Some rows of a kernel, those that some of the features of its input are multiplied by.

    Args:
        places: from and up to which row, one after another.
    """

    name = "rows"

    places: tuple[tuple[int, int], ...]

    def infer(self, x: Type) -> Type:
        count = sum(stop - start for start, stop in self.places)
        return x.with_shape((*x.shape[:-2], count, x.shape[-1]))

    def call_code(self, x: Type) -> Code:
        axis = len(x.shape) - 2
        items = [_taken(start, stop, x.shape[axis], axis) for start, stop in self.places]
        several = f"jnp.concatenate([{', '.join(items)}]{f', axis={axis}' if axis else ''})"
        return code(items[0] if len(items) == 1 else several)

    def holes(self, x: Type) -> dict[str, object]:
        ends = {f"start_{start}": start for start, _ in self.places}
        return ends | {f"stop_{stop}": stop for _, stop in self.places}


def _taken(start: int, stop: int, rows: int, axis: int) -> str:
    place = f"{f'$start_{start}' if start else ''}:{f'$stop_{stop}' if stop < rows else ''}"
    return f"$x[{':, ' * axis}{place}]"


@dataclass(frozen=True)
class Columns(Operation):
    """Kernels, or biases, side by side.

    Args:
        parts: None for each that is given, and how many zeros for one that is not.
    """

    name = "columns"
    variadic = True

    parts: tuple[int | None, ...]

    def infer(self, *types: Type) -> Type:
        widths = sum(each.shape[-1] for each in types) + sum(filter(None, self.parts))
        return types[0].with_last(widths)

    def call_code(self, *types: Type) -> Code:
        given = (f"$item_{i}" for i in range(len(types)))
        zeros = (f"jnp.zeros($zeros_{i})" for i in range(len(self.parts)))
        items = (
            next(given) if width is None else zero
            for width, zero in zip(self.parts, zeros, strict=True)
        )
        return code(f"jnp.concatenate([{', '.join(items)}], axis=-1)")

    def holes(self, *types: Type) -> dict[str, object]:
        return {f"zeros_{i}": width for i, width in enumerate(self.parts)}


@dataclass(frozen=True)
class Summed(Operation):
    """What a layer is of products that it shares with others: the sum of its columns of each.

    Args:
        features: of the layer, or of each of several layers `Beside` one another.
        places: of each product, which part is its first; None where it is not in parts.
        activation: of the layer.
        parted: whether it is several layers, whose values are a list.
    """

    name = "summed"
    variadic = True

    features: tuple[int, ...]
    places: tuple[int | None, ...]
    activation: Operation | None = None
    parted: bool = False

    def infer(self, *types: Type) -> Type:
        domain, presence = join_domains(types)
        return replace(types[0].with_last(sum(self.features)), domain=domain, presence=presence)

    def call_code(self, *types: Type) -> Code:
        sums = [
            " + ".join(
                f"$item_{i}" if place is None else f"$item_{i}[{place + part}]"
                for i, place in enumerate(self.places)
            )
            for part in range(len(self.features))
        ]
        return code(f"[{', '.join(sums)}]" if self.parted else sums[0])


@dataclass(frozen=True)
class InBfloat16(Operation):
    """A kernel that is multiplied by in bfloat16; in all else it is the same."""

    name = "in_bfloat16"
    call = code("Bfloat16($x)")

    def infer(self, x: Type) -> Type:
        return x


@dataclass(frozen=True)
class Ordered(Operation):
    """The same value with the axes of its domain in another order.

    Args:
        domain: that order.
    """

    name = "ordered"

    domain: tuple[Axis, ...]

    def infer(self, x: Type) -> Type:
        return replace(x, domain=self.domain)

    def call_code(self, x: Type) -> Code:
        order = [x.domain.index(axis) for axis in self.domain]
        return code(f"jnp.transpose($x, {(*order, *range(len(order), x.rank))})")


@dataclass(frozen=True)
class Product(Operation):
    """A product with a part of a layer's kernel, to which what the other part gave is added.

    Args:
        parts: the features of its parts, where it is several layers `Beside` one another.
        activation: of the layer.
        factors: of the sigmoids and tanhs that its parts go through, as one tanh; none where each
            part has its own function.
        apart: whether what is added to it comes by parts too, as the value of a product does.
        layer: the layer whose product it is, where that is not `x @ kernel`.
        flat: the function by which it multiplies the points of `x` as one axis, if so.
    """

    name = "product"
    inputs = (Input("x"), Input("kernel"), Input("rest", optional=True))

    parts: tuple[int, ...] = ()
    activation: Operation | None = None
    factors: tuple[float, ...] = ()
    apart: bool = False
    layer: Operation | None = None
    flat: str = ""

    def trait(self, kind: type) -> object | None:  # type: ignore[override]
        """Of the layer's that it may not stand in every loop, if that is so."""
        return self.layer.trait(kind) if self.layer and kind is LibraryConvolution else None

    def infer(self, x: Type, kernel: Type, *rest: Type) -> Type:
        own = self._own(x, kernel)
        domain, presence = join_domains([own, *rest])
        return replace(own, domain=domain, presence=presence)

    def _own(self, x: Type, kernel: Type) -> Type:
        """The type of the product itself."""
        made = x if self.layer is None else self.layer.infer(x)
        assert isinstance(made, Type)
        return made.with_last(kernel.shape[-1])

    def call_code(self, x: Type, kernel: Type, *rest: Type) -> Code:
        whole, form = self.infer(x, kernel, *rest), self.layer and self.layer.product_code(x)
        plain = f"{self.flat}($x, $kernel)" if self.flat else "$x @ $kernel"
        product = plain if form is None else form.text
        if whole.domain != x.domain:
            own = self._own(x, kernel)
            product = operand("product", own, whole).replace("$product", f"({product})")
        return code(self._parted(product, whole, *rest), **(form.defaults if form else {}))

    def _parted(self, product: str, whole: Type, *rest: Type) -> str:
        """The product with what is added to it, as parts where it has some."""
        if self.apart:
            return f"add_by_parts({product}, $rest)"
        if rest:
            product += f" + {_added(rest[0], whole)}"
        if self.factors:
            product = f"one_tanh({product}, $factors)"
        return f"jnp.split({product}, $sections, axis=-1)" if self.parts else product

    def holes(self, x: Type, *others: Type) -> dict[str, object]:
        even = len(set(self.parts)) == 1
        sections = len(self.parts) if even else list(accumulate(self.parts))[:-1]
        found = {"sections": sections, "factors": self.factors}
        return found if self.layer is None else self.layer.holes(x) | found

    def flops(self, x: Type, kernel: Type, *rest: Type) -> int:
        if self.layer is not None:
            return self.layer.flops(x)
        return 2 * kernel.size + (kernel.shape[-1] if rest else 0)


def _added(rest: Type, whole: Type) -> str:
    """What is added to a product: a stream, or a bias, which has its last axis alone."""
    if rest.domain:
        return operand("rest", rest, whole)
    return f"$rest[{', '.join(['None'] * (whole.rank - len(rest.shape)))}]"
