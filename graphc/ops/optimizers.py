"""Optimisers: declarations like operations, with their form in optax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from graphc.core.attributes import Bool, Float, Int
from graphc.core.by_path import PATTERNS
from graphc.core.code import Code, code
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.registry import optimizers
from graphc.ops.rates import Rate, Schedule


class Optimizer(Declaration):
    """The base of optimisers.

    `build` is the optax expression. `sees` says what an update of one array depends on:
    "elements" (each number alone, so arrays may be stored stacked), "arrays" (the norm of each
    of the spec's arrays, which are then taken out of those that hold them) or "all" (all arrays
    together). One that `needs_full_batches` evaluates the loss itself.
    """

    build: ClassVar[Code]
    sees: ClassVar[str] = "elements"
    needs_full_batches: ClassVar[bool] = False


RATE = Rate()
DECAYS = 'which weights decay, by their paths: `"*/kernel"` spares biases and norms; default: all'
FACTOR = "the factor of each step: a number, or a schedule"


def _decay(help: str, default: float) -> Any:
    return attribute(Float(minimum=0, below=1), help, default)


def _first(default: float = 0.9) -> Any:
    return _decay("decay of the first moment", default)


def _second(default: float = 0.999) -> Any:
    return _decay("decay of the second moment", default)


def _eps(default: float) -> Any:
    return attribute(Float(above=0), "added to the denominator", default)


def _weight_decay(default: float) -> Any:
    help = "the share of each weight that a step takes away, times the learning rate"
    return attribute(Float(minimum=0), help, default)


def _momentum() -> Any:
    return _decay("the share of v that a step keeps", 0.9)


def _nesterov(help: str = "whether the gradient is taken a step ahead") -> Any:
    return attribute(Bool(), help, False)


@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent: `w -= learning_rate * gradient`."""

    name = "sgd"
    build = code("optax.sgd($learning_rate)")
    learning_rate: float | Schedule = primary(RATE, FACTOR)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent with momentum: `v = momentum * v + gradient; w -= learning_rate * v`.

    References: Sutskever et al., "On the importance of initialization and momentum", 2013.
    """

    name = "momentum"
    build = code(
        "optax.sgd($learning_rate, momentum=$momentum, nesterov=$nesterov)", nesterov=False
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    momentum: float = _momentum()
    nesterov: bool = _nesterov()


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Nesterov's momentum: `v = momentum * v + g; w -= learning_rate * (g + momentum * v)`.

    References: Nesterov, "A method for solving the convex programming problem with convergence
    rate O(1/k^2)", 1983; in this form Sutskever et al., "On the importance of initialization and
    momentum", 2013.
    """

    name = "nesterov"
    build = code("optax.sgd($learning_rate, momentum=$momentum, nesterov=True)")
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    momentum: float = _momentum()


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Steps scaled by the sum of all squared gradients: `s += g ** 2; w -= rate * g / sqrt(s)`.

    References: Duchi et al., "Adaptive subgradient methods for online learning and stochastic
    optimization", 2011.
    """

    name = "adagrad"
    build = code(
        "optax.adagrad($learning_rate, initial_accumulator_value=$initial, eps=$eps)",
        initial=0.1,
        eps=1e-7,
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    initial: float = attribute(Float(minimum=0), "what the sums of squares start from", 0.1)
    eps: float = _eps(1e-7)


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Steps as long as those before them, by running means of squares: hardly needs a rate.

    `v = rho * v + (1 - rho) * g ** 2; d = g * sqrt(u + eps) / sqrt(v + eps);
    u = rho * u + (1 - rho) * d ** 2; w -= learning_rate * d`.

    References: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    name = "adadelta"
    build = code("optax.adadelta($learning_rate, rho=$rho, eps=$eps)", rho=0.9, eps=1e-6)
    learning_rate: float | Schedule = primary(RATE, FACTOR, 1.0)
    rho: float = _decay("decay of both running means", 0.9)
    eps: float = _eps(1e-6)


@dataclass(frozen=True)
class Rmsprop(Optimizer):
    """Steps scaled by a running mean of squares: `v = decay * v + (1 - decay) * g ** 2`.

    `w -= learning_rate * g / sqrt(v + eps)`; with `centered`, v is the variance, and with
    `momentum` the steps have one.

    References: Tieleman and Hinton, "Lecture 6.5: RMSProp", 2012; centred: Graves, "Generating
    sequences with recurrent neural networks", 2013.
    """

    name = "rmsprop"
    build = code(
        "optax.rmsprop($learning_rate, decay=$decay, eps=$eps, centered=$centered,"
        " momentum=$momentum)",
        decay=0.9,
        eps=1e-8,
        centered=False,
        momentum=None,
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    decay: float = _decay("decay of the running mean", 0.9)
    eps: float = _eps(1e-8)
    centered: bool = attribute(Bool(), "whether the mean of the gradient is taken off", False)
    momentum: float | None = attribute(
        Float(minimum=0, below=1), "the share of a step that the next one keeps", None
    )


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps scaled by running moments of the gradient.

    `m = b1 * m + (1 - b1) * g; v = b2 * v + (1 - b2) * g ** 2;
    w -= learning_rate * m_hat / (sqrt(v_hat) + eps)`, with m and v corrected for their start at 0.

    References: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """

    name = "adam"
    build = code(
        "optax.adam($learning_rate, b1=$b1, b2=$b2, eps=$eps, nesterov=$nesterov)",
        b1=0.9,
        b2=0.999,
        eps=1e-8,
        nesterov=False,
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    b1: float = _first()
    b2: float = _second()
    eps: float = _eps(1e-8)
    nesterov: bool = _nesterov("whether the first moment looks a step ahead")


@dataclass(frozen=True)
class Adamax(Optimizer):
    """Adam with the largest of the decayed gradients for the second moment.

    References: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 7.
    """

    name = "adamax"
    build = code(
        "optax.adamax($learning_rate, b1=$b1, b2=$b2, eps=$eps)", b1=0.9, b2=0.999, eps=1e-8
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    b1: float = _first()
    b2: float = _decay("decay of the largest gradient", 0.999)
    eps: float = _eps(1e-8)


@dataclass(frozen=True)
class Nadam(Optimizer):
    """Adam with Nesterov's momentum.

    References: Dozat, "Incorporating Nesterov momentum into Adam", 2016.
    """

    name = "nadam"
    build = code(
        "optax.nadam($learning_rate, b1=$b1, b2=$b2, eps=$eps)", b1=0.9, b2=0.999, eps=1e-8
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    b1: float = _first()
    b2: float = _second()
    eps: float = _eps(1e-8)


@dataclass(frozen=True)
class Adamw(Optimizer):
    """Adam with decoupled weight decay: `w -= learning_rate * weight_decay * w` beside its step.

    References: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
    """

    name = "adamw"
    build = code(
        "optax.adamw($learning_rate, b1=$b1, b2=$b2, eps=$eps, weight_decay=$weight_decay,"
        " mask=$decays)",
        b1=0.9,
        b2=0.999,
        eps=1e-8,
        weight_decay=1e-4,
        decays=None,
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    weight_decay: float = _weight_decay(1e-4)
    decays: tuple[str, ...] | None = attribute(PATTERNS, DECAYS, None)
    b1: float = _first()
    b2: float = _second()
    eps: float = _eps(1e-8)


@dataclass(frozen=True)
class Lion(Optimizer):
    """Steps of one length, in the direction of the sign of the momentum.

    `w -= learning_rate * (sign(b1 * m + (1 - b1) * g) + weight_decay * w);
    m = b2 * m + (1 - b2) * g`. The rate is a third to a tenth of that of adam.

    References: Chen et al., "Symbolic discovery of optimization algorithms", 2023.
    """

    name = "lion"
    build = code(
        "optax.lion($learning_rate, b1=$b1, b2=$b2, weight_decay=$weight_decay, mask=$decays)",
        b1=0.9,
        b2=0.99,
        weight_decay=1e-3,
        decays=None,
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    weight_decay: float = _weight_decay(1e-3)
    decays: tuple[str, ...] | None = attribute(PATTERNS, DECAYS, None)
    b1: float = _decay("the share of the momentum in a step", 0.9)
    b2: float = _decay("decay of the momentum", 0.99)


@dataclass(frozen=True)
class Lamb(Optimizer):
    """Adam for large batches: the step of each array is as long as the array, times the rate.

    References: You et al., "Large batch optimization for deep learning: training BERT in 76
    minutes", 2020.
    """

    name = "lamb"
    sees = "arrays"
    build = code(
        "optax.lamb($learning_rate, b1=$b1, b2=$b2, eps=$eps, weight_decay=$weight_decay,"
        " mask=$decays)",
        b1=0.9,
        b2=0.999,
        eps=1e-6,
        weight_decay=0.0,
        decays=None,
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    weight_decay: float = _weight_decay(0.0)
    decays: tuple[str, ...] | None = attribute(PATTERNS, DECAYS, None)
    b1: float = _first()
    b2: float = _second()
    eps: float = _eps(1e-6)


@dataclass(frozen=True)
class Lars(Optimizer):
    """Momentum for large batches: each array has a rate of its own, by its norm.

    `v = momentum * v + learning_rate * trust_coefficient * |w| / |g| * g; w -= v`.

    References: You et al., "Large batch training of convolutional networks", 2017.
    """

    name = "lars"
    sees = "arrays"
    build = code(
        "optax.lars($learning_rate, weight_decay=$weight_decay, weight_decay_mask=$decays,"
        " trust_coefficient=$trust_coefficient, momentum=$momentum, nesterov=$nesterov)",
        weight_decay=0.0,
        decays=None,
        trust_coefficient=0.001,
        momentum=0.9,
        nesterov=False,
    )
    learning_rate: float | Schedule = primary(RATE, FACTOR)
    weight_decay: float = _weight_decay(0.0)
    decays: tuple[str, ...] | None = attribute(PATTERNS, DECAYS, None)
    trust_coefficient: float = attribute(
        Float(above=0), "how far an array moves in a step, relative to its norm", 0.001
    )
    momentum: float = _momentum()
    nesterov: bool = _nesterov()


@dataclass(frozen=True)
class Lbfgs(Optimizer):
    """A quasi-Newton method for full batches: curvature from the last steps, and a line search.

    Each step evaluates the loss of the whole batch several times.

    References: Liu and Nocedal, "On the limited memory BFGS method for large scale optimization",
    1989; the line search: Nocedal and Wright, "Numerical optimization", 2006, algorithm 3.5.
    """

    name = "lbfgs"
    sees = "all"
    needs_full_batches = True
    build = code("optax.lbfgs(memory_size=$memory)", memory=10)
    memory: int = primary(Int(1), "how many steps the curvature is taken from", 10)


optimizers.add(Sgd, Momentum, Nesterov, Adagrad, Adadelta, Rmsprop)
optimizers.add(Adam, Adamax, Nadam, Adamw, Lion, Lamb, Lars, Lbfgs)
