"""What is aimed for, against what was measured: `python -m benchmarks.aims` writes it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.first_step import AIMS as FIRST_STEP
from benchmarks.measure import Sample
from benchmarks.picture import FORMS, picture
from benchmarks.report import Kept, Table, met
from graphc.core import forms

Numbers = Mapping[str, Any]
"""What benchmarks found, by their names: `last_run.json`."""

TRAINED = (
    "perceptrons",
    "throughput",
    "highways",
    "recurrent",
    "attention",
    "graphs",
    "objectives",
    "accelerators",
)
"""The benchmarks that train networks."""
_TINY = {"nnx": 40.0, "keras": 20.0, "keras_steps": 8.0, "torch": 20.0}
_RESIDUAL = {"nnx": 1.1, "keras": 1.05}
_RECURRENT = {"nnx": 1.0, "keras": 1.0}
_CELLS = ("elman", "elman2", "gru", "gru2", "lstm", "lstm2", "bilstm")
AIMS = {
    "mlp": {"nnx": 1.4, "keras": 1.2, "keras_steps": 1.1, "torch": 1.3},
    "tiny": _TINY,
    "digits": _TINY,
    "lenet5": {"nnx": 1.8, "keras": 2.5, "torch": 1.0},
    "resnet20": _RESIDUAL,
    "resnet56": _RESIDUAL,
    "highway50": {"nnx": 4.0, "keras": 2.0, "torch": 1.6},
    **dict.fromkeys(_CELLS, _RECURRENT),
    "cora": {"nnx": 20.0, "torch_geometric": 20.0},
    "large": {"nnx": 1.2, "torch_geometric": 2.0},
    "digits_pair": {"nnx": 1.3, "keras": 1.05, "torch": 1.4},
}
"""How many times faster than other forms training is to be; than what is by hand, as fast."""
BFLOAT16 = {name: {"nnx": 1.2, "keras": 1.2} for name in _CELLS}
"""The same of graphc with products of bfloat16 numbers; the others keep to float32."""
NONE: Mapping[str, float] = {}
BY_HAND = ("jax", "jax_without_ynnpack", "jax_rows", "scan")
SECONDS = {"highway200": 5.0, "highway1000": 5.0}
"""How long compiling may take."""
TIMES_FASTER = {"highway50": 10.0}
"""How many times faster compiling is to be than with Keras."""


def table(numbers: Numbers, device: str = "cpu") -> Table | None:
    """A row for each aim, and for each form without one; None where nothing was trained.

    Elsewhere than on a CPU nothing is aimed for but to be as fast as what is by hand.
    """
    of = _rows if device == "cpu" else _against
    rows = [row for name, found in _trained(numbers) for row in of(name, found)]
    rows += _first_steps(numbers.get("first_step", {}))
    header = ["network", "against", "graphc : it", "aim", "reached"]
    return Table(header, rows) if rows else None


def _trained(numbers: Numbers) -> Iterator[tuple[str, Numbers]]:
    """The networks, with what was found of each."""
    for benchmark in TRAINED:
        for name, each in numbers.get(benchmark, {}).items():
            if isinstance(each, dict) and "losses" in each:
                yield name, each


def rates(found: Numbers) -> dict[str, Sample]:
    """How much each form does per second."""
    values = next(each for word, each in found.items() if word.endswith("_per_second"))
    return {form: Sample(tuple(values[form])) for form in FORMS if form in values}


def _rows(name: str, found: Numbers) -> Iterator[list[str]]:
    yield from _against(name, found, AIMS.get(name, {}))
    yield from _in_bfloat16(name, found)
    yield from _compiling(name, found)


def _against(name: str, found: Numbers, aims: Mapping[str, float] = NONE) -> Iterator[list[str]]:
    samples = rates(found)
    for form, sample in samples.items():
        if form != "graphc":
            ratio = samples["graphc"].over(sample)
            aim = 1.0 if form in BY_HAND else aims.get(form.removesuffix("_compile"))
            yield [name, FORMS[form], *_compared(ratio, aim, most=False)]
    for form, why in found.get("left_out", {}).items():
        yield [name, FORMS[form], why, "", ""]


def _in_bfloat16(name: str, found: Numbers) -> Iterator[list[str]]:
    samples = rates(found)
    for form, aim in BFLOAT16.get(name, {}).items():
        if {form, "graphc_bfloat16"} <= samples.keys():
            ratio = samples["graphc_bfloat16"].over(samples[form])
            against = f"{FORMS[form]}, of graphc in bfloat16"
            yield [name, against, *_compared(ratio, aim, most=False)]


def _compiling(name: str, found: Numbers) -> Iterator[list[str]]:
    compiled = found.get("seconds_to_compile", {})
    if name in SECONDS and compiled:
        seconds, most = compiled["graphc"], SECONDS[name]
        yield [name, "seconds to compile", f"{seconds:.1f}", f"{most:g}", met(seconds < most)]
    if name in TIMES_FASTER and "keras" in compiled:
        times, least = compiled["keras"] / compiled["graphc"], TIMES_FASTER[name]
        row = [f"{times:.1f} times faster", f"{least:g}", met(times >= least)]
        yield [name, f"compiling, {FORMS['keras']}", *row]


def _first_steps(found: Numbers) -> Iterator[list[str]]:
    samples = {word: Sample(tuple(each)) for word, each in found.get("seconds", {}).items()}
    for word, aim in FIRST_STEP.items() if samples else ():
        ratio = samples[f"graphc, {word}"].over(samples["nnx, cold"])
        compared = _compared(ratio, aim, most=True)
        yield [f"first step, {word}", f"{FORMS['nnx']}, cold: seconds", *compared]


def _compared(ratio: Sample, aim: float | None, most: bool) -> list[str]:
    """The ratio, what it is to be, and whether that end of its interval reaches it."""
    if aim is None:
        return [ratio.text("{:.2f}"), "", ""]
    low, high = ratio.quartiles
    reached = low <= aim if most else high >= aim
    return [ratio.text("{:.2f}"), f"{'at most ' * most}{aim:g}", met(reached)]


def write(device: str) -> None:
    """Put the table of the last runs into the page of the device, and draw them."""
    kept = Kept.of(device)
    numbers = kept.last_run()
    found = table(numbers, device)
    if found is not None:
        kept.put("aims", found.markdown())
        panels = {name: rates(each) for name, each in _trained(numbers)}
        kept.picture.write_text(picture(panels), encoding="utf-8")


if __name__ == "__main__":
    for each in forms.FORMS:
        write(each)
