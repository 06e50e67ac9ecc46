"""`graphc train`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphc.cli.common import (
    Seeds,
    cache_option,
    python_option,
    quiet_option,
    require_directory,
    resume_option,
    run_option,
    settings_option,
    spec_argument,
    spec_source,
    without_option,
)
from graphc.cli.failures import Command, show

if TYPE_CHECKING:
    from graphc.api import Model, Run, SeveralRuns
    from graphc.core.span import Source


@click.command(cls=Command)
@spec_argument
@settings_option
@without_option
@python_option
@click.option("--seed", type=click.IntRange(min=0), help="Short for `--set train.seed=N`.")
@click.option(
    "--seeds",
    type=Seeds(),
    metavar="A..B",
    help="A run for each seed, `0..9` or `0,3,7`; prints means and standard deviations.",
)
@run_option("run")
@click.option(
    "--init-from",
    metavar="RUN",
    help="Start from the weights of that run: short for `--set train.init_from=RUN`.",
)
@resume_option("run")
@click.option(
    "--checkpoint-seconds",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="S",
    help="At least so many seconds lie between two checkpoints; 0 saves after each epoch.",
)
@click.option(
    "--checkpoint-steps",
    type=click.IntRange(min=1),
    metavar="N",
    help="Save also within epochs, after every N steps.",
)
@click.option("--tensorboard", is_flag=True, help="Write event files for TensorBoard too.")
@cache_option
@quiet_option
def command(
    spec: str,
    settings: tuple[str, ...],
    without: tuple[str, ...],
    no_python: bool,
    seed: int | None,
    seeds: list[int] | None,
    run: str | None,
    init_from: str | None,
    resume: bool,
    checkpoint_seconds: float,
    checkpoint_steps: int | None,
    tensorboard: bool,
    no_cache: bool,
    quiet: bool,
) -> None:
    """Train a spec.

    The run's directory keeps the spec, the source, the checkpoints and the results. Ctrl-C ends
    the run after the step at hand and keeps a checkpoint, from which `--resume` goes on. Where the
    data has `folds`, each is a run in that directory, and their means are printed; with `--seeds`
    and for an `ensemble` likewise.
    """
    from graphc import api
    from graphc.runtime.progress import reporting
    from graphc.runtime.several import summary_text

    require_directory(spec, run)
    if seed is not None and seeds is not None:
        raise click.UsageError("`--seed` and `--seeds` exclude each other")
    if seed is not None:
        settings = (*settings, f"train.seed={seed}")
    if init_from is not None:
        # In the spec a path starts from its folder, on the command line from the one at hand.
        settings = (*settings, f"train.init_from={json.dumps(os.path.abspath(init_from))}")
    source = spec_source(spec)
    if resume:
        source = _kept(source, run)
    model = api.compile(source, settings, without=without, python=not no_python)
    show(model.compiled.checked.warnings)
    choices = model.compiled.choices
    if choices.slow_to_compile and not quiet:
        seconds = choices.compile_seconds
        click.echo(f"the first step takes long to compile: about {seconds:.0f} s", err=True)
    with reporting(quiet=quiet) as report:
        done = _training(model, seeds)(
            run,
            resume=resume,
            cache=not no_cache,
            checkpoint_seconds=checkpoint_seconds,
            checkpoint_steps=checkpoint_steps,
            tensorboard=tensorboard,
            report=report,
        )
    if isinstance(done, api.SeveralRuns | api.Ensemble):
        click.echo(summary_text(done.summary), nl=False)
    click.echo(os.path.relpath(done.path))


def _kept(spec: str | Source, run: str | None) -> Source:
    """The spec, for a run that goes on: what it took from others it has kept."""
    from graphc.api.model import RUNS
    from graphc.runtime.rundir import free_directory
    from graphc.spec.files import read_source

    source = read_source(spec) if isinstance(spec, str) else spec
    folder = run or free_directory(RUNS, Path(source.name).stem, resume=True)
    return replace(source, kept=str(folder))


def _training(model: Model, seeds: list[int] | None) -> Callable[..., Run | SeveralRuns]:
    """What trains: one run, or as many as the seeds, the folds or the ensemble are."""
    if seeds is not None:
        return partial(model.train_seeds, seeds)
    if model.folds:
        return model.cross_validate
    return model.train_ensemble if model.members else model.train
