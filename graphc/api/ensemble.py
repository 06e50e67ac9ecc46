"""An ensemble on the disk: used as one run."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphc.api.run import Inference, Run
from graphc.checker import check
from graphc.core.diagnostic import Diagnostic

if TYPE_CHECKING:
    import numpy as np

    from graphc.data.dataset import Dataset
    from graphc.runtime import ensemble
    from graphc.runtime.export import Call


class Ensemble(Run):
    """A directory of members, whose predictions are averaged.

    Of classes it is their probabilities (a soft vote), of counts their rates, of numbers
    themselves. The outputs are those that give this mean: logits stay logits.

    Attributes:
        path: the directory.
        members: the runs of those that have ended.
        result: the loss and the metrics of the ensemble on the validation and the test split.
        summary: what `summary.json` holds, with the numbers of the members and their means.

    Example:
        >>> options = ["train.epochs=1", "train.ensemble=2"]
        >>> done = gc.compile("specs/digits_logistic", options).train_ensemble("two")
        >>> sorted(done.result["test"]), len(done.members)
        (['accuracy', 'loss'], 2)
        >>> gc.load_run("two").predict(np.zeros((3, 8, 8, 1))).shape
        (3, 10)
    """

    def __init__(self, path: Path) -> None:
        from graphc.runtime.rundir import RunDirectory

        self.members = tuple(Run(RunDirectory.open(each)) for each in _ended(path))
        super().__init__(self.members[0]._directory)
        self.path = path

    @property
    def summary(self) -> dict[str, Any]:
        from graphc.runtime.several import SUMMARY

        path = self.path / SUMMARY
        return json.loads(path.read_text()) if path.exists() else {}

    @property
    def result(self) -> dict[str, Any]:
        return self.summary.get("ensemble", {})

    def evaluate(self, split: str = "test") -> dict[str, Any]:
        return self._voters.evaluate(self.dataset(), split)

    def evaluate_all(self, dataset: Dataset) -> dict[str, dict[str, Any]]:
        """The loss and the metrics on the validation and the test split, where there are such."""
        splits = [split for split in ("validation", "test") if dataset.count(split)]
        return {split: self._voters.evaluate(dataset, split) for split in splits}

    def predict(
        self, inputs: np.ndarray | Mapping[str, np.ndarray], network: str | None = None
    ) -> Any:
        from graphc.runtime.pairs import on_own_graph

        self._network(network)
        form = self.form()
        return self._voters.predict(form, on_own_graph(inputs, form, self.dataset))

    def export(
        self,
        form: str = "stablehlo",
        batch_size: int | None = None,
        network: str | None = None,
    ) -> bytes:
        """The ensemble as one program; `safetensors` holds one network, so it is refused."""
        if form == "safetensors":
            raise self._one_is_wanted()
        return super().export(form, batch_size, network)

    def _call(self) -> Call:
        return self._voters.call

    def replay(self) -> Diagnostic:
        """Refused: a member stops over its numbers, and not all of them."""
        raise self._one_is_wanted()

    def graph_picture(self) -> str:
        """Refused: it shows what one network says."""
        raise self._one_is_wanted()

    def inference(self, network: str | None = None) -> Inference:
        """Refused: it gives one network."""
        raise self._one_is_wanted()

    def _one_is_wanted(self) -> Exception:
        from graphc.runtime.several import one_of_several

        problem = one_of_several(self.path)
        assert problem is not None
        return problem

    @cached_property
    def _voters(self) -> ensemble.Ensemble:
        from graphc.runtime.ensemble import Ensemble as Voters

        checked = check(self.document().source, python=str(self.members[0].path))
        assert checked.plan is not None
        graph, term = checked.networks[checked.plan.network], checked.plan.objectives[0].loss
        ports = [port for port, _ in graph.outputs]
        voting = 0 if term.output is None else ports.index(term.output)
        output = graph.types[graph.outputs[voting][1]]
        mean = term.measure.mean_of(output, term.target_type or output)
        directories = [each._directory for each in self.members]
        return Voters(directories, mean, voting, self._warn)


def _ended(path: Path) -> list[Path]:
    """The members that have ended; raises RunError GC625 where none has."""
    from graphc.runtime.errors import fail
    from graphc.runtime.several import runs_in

    members = runs_in(path)
    ended = [each for each in members if (each / "result.json").exists()]
    if not ended:
        message = f"no member of the ensemble in `{path}` has ended"
        raise fail("GC625", message, "go on with it by `--resume`")
    if len(ended) < len(members):
        text = f"only {len(ended)} of {len(members)} members of `{path}` have ended"
        problem = Diagnostic("GC625", text, help="go on with it by `--resume`", severity="warning")
        warnings.warn(str(problem), stacklevel=4)
    return ended
