"""Schedules: what may stand for a number where a learning rate is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphc.core.attributes import Float, Int, Many
from graphc.core.code import code
from graphc.core.declaration import attribute, primary
from graphc.core.registry import schedules
from graphc.ops.rates import Duration, Lasting, Schedule


def _rate(help: str = "the learning rate that it starts from") -> Any:
    return primary(Float(above=0), help)


LASTING = Lasting()
WARMUP = "for how long the rate rises from 0 in a straight line before that"
OVER = "how long that takes; default: the rest of the run"


def _end(help: str = "the rate it ends with") -> Any:
    return attribute(Float(minimum=0), help, 0.0)


@dataclass(frozen=True, kw_only=True)
class ConstantRate(Schedule):
    """One rate throughout: for a warm-up before it."""

    name = "constant"
    build = code("optax.constant_schedule($rate)")
    rate: float = _rate("the learning rate")
    warmup: Duration | None = attribute(LASTING, WARMUP, None)


@dataclass(frozen=True, kw_only=True)
class Step(Schedule):
    """The rate times a factor every so often: `rate * factor ** floor(t / every)`."""

    name = "step"
    build = code("optax.exponential_decay($rate, $every, $factor, staircase=True)")
    rate: float = _rate()
    every: Duration = attribute(LASTING, "how long each rate lasts")
    factor: float = attribute(Float(above=0), "what the rate is multiplied by", 0.1)
    warmup: Duration | None = attribute(LASTING, WARMUP, None)

    def ends(self) -> tuple[tuple[str, Duration], ...]:
        return (("every", self.every),)


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """Exponential decay: `rate * factor ** (t / every)`, not below `end`."""

    name = "exponential"
    build = code("optax.exponential_decay($rate, $every, $factor, end_value=$end)", end=0.0)
    rate: float = _rate()
    factor: float = attribute(Float(above=0), "what the rate is multiplied by")
    every: Duration = attribute(LASTING, "in how long", Duration(1))
    end: float = _end("the rate that is not passed")
    warmup: Duration | None = attribute(LASTING, WARMUP, None)


@dataclass(frozen=True, kw_only=True)
class Polynomial(Schedule):
    """Polynomial decay: `end + (rate - end) * (1 - t / over) ** power`, a line by default."""

    name = "polynomial"
    also = ("linear",)
    build = code("optax.polynomial_schedule($rate, $end, $power, $over)")
    rate: float = _rate()
    end: float = _end()
    power: float = attribute(Float(above=0), "1 for a straight line", 1.0)
    over: Duration | None = attribute(LASTING, OVER, None)
    warmup: Duration | None = attribute(LASTING, WARMUP, None)


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Half a wave of a cosine: `end + (rate - end) * (1 + cos(pi * t / over)) / 2`.

    References: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    name = "cosine"
    build = code("optax.cosine_decay_schedule($rate, $over, alpha=$share)", share=0.0)
    rate: float = _rate()
    end: float = _end()
    over: Duration | None = attribute(LASTING, OVER, None)
    warmup: Duration | None = attribute(LASTING, WARMUP, None)

    def holes(self) -> dict[str, object]:
        return {"share": self.end / self.rate}


@dataclass(frozen=True, kw_only=True)
class Piecewise(Schedule):
    """Several rates, one after the other."""

    name = "piecewise"
    build = code("optax.join_schedules([$parts], [$at])")
    rates: tuple[float, ...] = attribute(Many(Float(minimum=0)), "the rates, in their order")
    at: tuple[Duration, ...] = attribute(
        Many(LASTING), "when each rate but the first begins, counted from the start"
    )
    warmup: Duration | None = attribute(LASTING, WARMUP, None)

    def complaint(self) -> str | None:
        if len(self.rates) != len(self.at) + 1:
            return (
                f"`piecewise` has {len(self.rates)} `rates` and {len(self.at)} times in `at`: there"
                " is one time fewer"
            )
        numbers = [each.number for each in self.at]
        if len({each.unit for each in self.at}) > 1 or numbers != sorted(set(numbers)):
            return "the times in `at` of `piecewise` rise, all in epochs or all in steps"
        return None

    @property
    def largest(self) -> float:
        return max(self.rates)

    def ends(self) -> tuple[tuple[str, Duration], ...]:
        return (("at", self.at[-1]),) if self.at else ()


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """One cycle: up to the rate in a cosine, and down to almost nothing.

    References: Smith and Topin, "Super-convergence: very fast training of neural networks using
    large learning rates", 2018.
    """

    name = "one_cycle"
    build = code(
        "optax.cosine_onecycle_schedule($over, $rate, pct_start=$rise,"
        " div_factor=$start_divisor, final_div_factor=$end_divisor)",
        rise=0.3,
        start_divisor=25.0,
        end_divisor=1e4,
    )
    rate: float = _rate("the largest learning rate")
    rise: float = attribute(Float(above=0, below=1), "the share of the time that goes up", 0.3)
    start_divisor: float = attribute(Float(above=0), "it starts from rate / start_divisor", 25.0)
    end_divisor: float = attribute(
        Float(above=0), "it ends with rate / (start_divisor * end_divisor)", 1e4
    )
    over: Duration | None = attribute(LASTING, OVER, None)


@dataclass(frozen=True, kw_only=True)
class ReduceOnPlateau(Schedule):
    """The rate times a factor whenever the training loss no longer falls.

    The loss is the mean over an epoch's steps. What is remembered of it is part of the optimiser's
    state, so a run that is resumed goes on the same.
    """

    name = "reduce_on_plateau"
    build = code("optax.constant_schedule($rate)")
    feedback = code(
        "optax.contrib.reduce_on_plateau(factor=$factor, patience=$patience, rtol=$threshold,"
        " cooldown=$cooldown, accumulation_size=$epoch, min_scale=$least)",
        cooldown=0,
        least=0.0,
    )
    rate: float = _rate()
    factor: float = attribute(Float(above=0, below=1), "what the rate is multiplied by", 0.1)
    patience: int = attribute(Int(1), "for how many epochs it may fail to fall", 10)
    threshold: float = attribute(
        Float(minimum=0, below=1), "the share of the best loss that counts as a fall", 1e-4
    )
    cooldown: int = attribute(Int(0), "epochs after a reduction that do not count", 0)
    end: float = _end("the rate that is not passed")
    warmup: Duration | None = attribute(LASTING, WARMUP, None)

    def holes(self) -> dict[str, object]:
        return {"least": self.end / self.rate}


schedules.add(ConstantRate, Step, Exponential, Polynomial, Cosine, Piecewise)
schedules.add(OneCycle, ReduceOnPlateau)
