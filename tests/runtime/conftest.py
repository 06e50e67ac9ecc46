"""A small run: the example module, rolled and unrolled, its weight map and a data set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import jax
import numpy as np
import pytest

from graphc.core.types import Type
from graphc.data.dataset import Dataset, Scaling
from graphc.graph.weights import WeightMap
from graphc.runtime.events import Event
from graphc.runtime.rundir import Blueprint
from graphc.runtime.settings import Settings
from graphc.runtime.train import train

HERE = Path(__file__).parent
SPEC = (
    "graphc: 1\n"
    "network:\n"
    "  inputs: {features: [4]}\n"
    "  nodes:\n"
    "    stem: {dense: 8, from: features}\n"
    "    highways: {repeat: {times: 3, layers: [highway]}, from: stem}\n"
    "    logits: {dense: 3, from: highways}\n"
    "  output: logits\n"
)
_UNROLLING = {
    "self.highways = stack(lambda key: Highway(8, key=key), layer_keys(at(key, 'highways'), 3))": (
        "self.highways = nnx.List([Highway(8, key=at(key, 'highways', i)) for i in range(3)])"
    ),
    "highways = scan_layers(highway, self.highways, stem, layer_keys(at(key, 'highways'), 3))": (
        "highways = stem\n"
        "        for i, layer in enumerate(self.highways):\n"
        "            highways = highway(layer, highways, at(key, 'highways', i))"
    ),
}
_LAYER = {
    "h/kernel": ([8, 8], True),
    "h/bias": ([8], True),
    "gate/kernel": ([8, 8], True),
    "gate/bias": ([8], True),
    "norm/scale": ([8], True),
    "norm/bias": ([8], True),
    "norm/mean": ([8], False),
    "norm/var": ([8], False),
}


def rolled_source() -> str:
    return (HERE / "rolled_model.py").read_text()


def unrolled_source() -> str:
    source = rolled_source().replace('"highways"', "'highways'")
    for before, after in _UNROLLING.items():
        assert before in source
        source = source.replace(before, after)
    return source


def weight_map(rolled: bool) -> WeightMap:
    rows = [
        _row("stem/kernel", [4, 8]),
        _row("stem/bias", [8]),
        *(
            _row(
                f"highways/{i}/{name}",
                shape,
                trainable,
                f"highways/{name}" if rolled else None,
                [["index", i]] if rolled else [],
            )
            for i in range(3)
            for name, (shape, trainable) in _LAYER.items()
        ),
        _row("logits/kernel", [8, 3]),
        _row("logits/bias", [3]),
    ]
    return WeightMap.from_list(rows)


def _row(path, shape, trainable=True, stored=None, view=()):
    return {
        "path": path,
        "shape": shape,
        "trainable": trainable,
        "stored": stored or path,
        "view": view,
    }


@pytest.fixture(scope="session", autouse=True)
def cached(compilation_cache):
    """All of these train."""


@pytest.fixture(scope="session")
def rolled() -> Blueprint:
    return Blueprint("highway", SPEC, rolled_source(), weight_map(rolled=True))


@pytest.fixture(scope="session")
def unrolled() -> Blueprint:
    return Blueprint("highway", SPEC, unrolled_source(), weight_map(rolled=False))


def make_dataset(train: int = 100, validation: int = 30, test: int = 20) -> Dataset:
    draw = np.random.default_rng(0)

    def split(count):
        features = draw.normal(size=(count, 4)).astype(np.float32)
        label = (features @ np.array([1, -1, 2, 0.5], np.float32) > 0) + (features[:, 0] > 1)
        return {"features": features, "label": label.astype(np.int32)}

    counts = {"train": train, "validation": validation, "test": test}
    return Dataset(
        splits={name: split(count) for name, count in counts.items() if count},
        fields={"features": Type((4,)), "label": Type((), "int", 3)},
        target="label",
        class_names=None,
        scaling=Scaling({}),
    )


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return make_dataset()


SETTINGS = Settings(
    epochs=3,
    batch_size=16,
    seed=5,
    steps_per_dispatch=4,
    checkpoint_seconds=0.0,
    cache=False,
)


@dataclass
class Runner:
    """Trains the example in fresh directories, keeping the events."""

    blueprint: Blueprint
    data: Dataset
    folder: Path
    events: list[Event] = field(default_factory=list)

    def __call__(self, name: str = "run", resume: bool = False, report=None, **settings) -> dict:
        self.events = []

        def listen(event: Event) -> None:
            self.events.append(event)
            if report is not None:
                report(event)

        return train(
            self.blueprint,
            self.data,
            replace(SETTINGS, **settings),
            self.folder / name,
            resume=resume,
            report=listen,
        )

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


def same(one, two) -> bool:
    """Whether two trees are equal bit for bit."""
    ones, twos = jax.tree.leaves(one), jax.tree.leaves(two)
    return jax.tree.structure(one) == jax.tree.structure(two) and all(
        np.asarray(a).dtype == np.asarray(b).dtype
        and np.asarray(a).tobytes() == np.asarray(b).tobytes()
        for a, b in zip(ones, twos, strict=True)
    )


@pytest.fixture(scope="session")
def equal():
    return same


@pytest.fixture(scope="session")
def settings() -> Settings:
    return SETTINGS


@pytest.fixture(scope="session")
def reference(rolled, dataset, tmp_path_factory) -> Runner:
    """A finished run of three epochs, in the directory `run`; not to be changed."""
    runner = Runner(rolled, dataset, tmp_path_factory.mktemp("reference"))
    runner()
    return runner


@pytest.fixture
def runner(rolled, dataset, tmp_path) -> Runner:
    return Runner(rolled, dataset, tmp_path)
