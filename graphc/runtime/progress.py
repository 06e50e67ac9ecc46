"""What a run says to whoever watches: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from graphc.runtime import events
from graphc.runtime.events import Event, Metrics

Report = Callable[[Event], None]


@contextmanager
def reporting(stream: TextIO | None = None, quiet: bool = False) -> Iterator[Report]:
    """A listener for `train` that writes to `stream` (standard error), and tidies up at the end.

    On a terminal it draws a progress bar; elsewhere it writes a line for each epoch.
    """
    target: TextIO = sys.stderr if stream is None else stream
    if quiet:
        yield lambda event: None
    elif target.isatty():
        bar = Bar(target)
        try:
            yield bar
        finally:
            bar.close()
    else:
        yield Lines(target)


def reporting_trials(stream: TextIO | None = None, quiet: bool = False) -> Report:
    """A listener for a search, which writes a line for each trial and none for its epochs."""
    target: TextIO = sys.stderr if stream is None else stream

    def report(event: Event) -> None:
        text = sentence(event, 0) if isinstance(event, (events.Tried, events.Warned)) else None
        if text is not None and not quiet:
            print(text, file=target, flush=True)

    return report


class Lines:
    """A line for each thing worth one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._epochs = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, events.Started):
            self._epochs = event.epochs
        text = sentence(event, self._epochs)
        if text is not None:
            print(text, file=self._stream, flush=True)


class Bar:
    """A progress bar of the run; finished epochs stay above it as lines."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.table import Column

        whole = Column(no_wrap=True, min_width=7)  # in a narrow terminal, other columns give way
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            TextColumn("{task.fields[text]}", table_column=Column(no_wrap=True)),
            TimeRemainingColumn(elapsed_when_finished=True, table_column=whole),
            console=Console(file=stream),
            transient=True,
        )
        self._progress.start()
        self._started = events.Started(events.Position(), 0, 0)
        self._training: Any = None
        self._compiling: Any = None

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        match event:
            case events.Started(position=position):
                self._started = event
                total = event.epochs * event.steps_per_epoch
                if self._training is not None:  # that of another run
                    self._progress.remove_task(self._training)
                self._training = self._progress.add_task(
                    "", total=total, completed=position.step, text=""
                )
                self._show(position, "")
            case events.Compiling(what=what):
                self._compiling = self._progress.add_task(f"compiling {what}", total=None, text="")
            case events.Compiled():
                self._progress.remove_task(self._compiling)
            case events.EpochStarted(position=position):
                self._show(position, "")
            case events.Progress(position=position):
                speed = f"{event.examples_per_second:,.0f} examples/s"
                self._show(position, f"{numbers(event.metrics)}  {speed}")
        text = sentence(event, self._started.epochs)
        if text is not None and not isinstance(event, events.Compiling):
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _show(self, position: events.Position, text: str) -> None:
        epoch = min(position.epoch + 1, self._started.epochs)
        self._progress.update(
            self._training,
            description=f"epoch {epoch}/{self._started.epochs}",
            completed=position.step,
            text=text,
        )


def sentence(event: Event, epochs: int) -> str | None:
    """What to write about an event, or None."""
    match event:
        case events.OneOfSeveral(name=name):
            return f"{name}:"
        case events.SideBySide(names=names):
            return f"{names[0]} to {names[-1]}, {len(names)} runs side by side; numbers are means"
        case events.OneByOne(reason=reason):
            return f"the runs are trained one after the other, for {reason}"
        case events.Started(position=position) if position.epoch >= epochs:
            return f"nothing is left to train: {position.epoch} epochs are done, {epochs} asked for"
        case events.Started(position=position) if position.step:
            return f"resuming after step {position.step:,}, epoch {position.epoch + 1}/{epochs}"
        case events.Inherited(text=text):
            return text
        case events.Streaming(size=size, memory=memory):
            return f"streaming {_bytes(size)} of examples; {_bytes(memory)} of memory are free"
        case events.Compiling(what=what):
            return f"compiling {what} ..."
        case events.Compiled(what=what, seconds=seconds):
            return f"compiled {what} in {seconds:.1f} s"
        case events.EpochEnded():
            speed = event.examples / max(event.seconds, 1e-9)
            parts = [f"epoch {event.epoch + 1}/{epochs}", numbers(event.train)]
            if event.validation is not None:
                parts.append(f"validation {numbers(event.validation)}")
            return "  ".join([*parts, f"{speed:,.0f} examples/s"])
        case events.Warned(diagnostic=diagnostic):
            return str(diagnostic)
        case events.Tried():
            values = "  ".join(f"{path} {value}" for path, value in event.values.items())
            lasting = "1 epoch" if event.epochs == 1 else f"{event.epochs} epochs"
            came = event.failed or f"{event.metric} {event.score:.4f} after {lasting}"
            return f"{event.name}  {values}  {came}"
        case events.Finished(result=result) if "test" in result:
            return f"test {numbers(result['test'])}"
    return None


def _bytes(number: int) -> str:
    """Bytes as people say them."""
    return f"{number / 1e9:,.1f} GB" if number >= 1e8 else f"{number / 1e6:,.1f} MB"


def numbers(metrics: Metrics) -> str:
    """`loss 0.1234  accuracy 0.9876`: the loss first, then by name, without what is an array."""
    single = (name for name, value in metrics.items() if not isinstance(value, list))
    ordered = sorted(single, key=lambda name: (name != "loss", name))
    return "  ".join(f"{name} {metrics[name]:.4f}" for name in ordered)
