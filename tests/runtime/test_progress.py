"""What a run says: lines for files, a bar for terminals."""

import io
import os
import subprocess
import sys
from pathlib import Path

from graphc.core.diagnostic import Diagnostic
from graphc.runtime import events
from graphc.runtime.events import Position, Snapshot
from graphc.runtime.progress import reporting, sentence

AFTER = Snapshot(Position(14, 2, 0), None, {})
STORY = [
    events.Compiling("the initial weights"),
    events.Compiled("the initial weights", 0.25),
    events.Started(Position(7, 1, 0), 2, 7, 547),
    events.Compiling("the training step"),
    events.Compiled("the training step", 1.5),
    events.EpochStarted(Position(7, 1, 0), 7),
    events.Progress(Position(11, 1, 4), 7, {"accuracy": 0.5, "loss": 1.25}, 1234.0),
    events.Warned(Diagnostic("GC611", "a checkpoint is damaged", severity="warning")),
    events.EpochEnded(1, {"loss": 0.5}, {"loss": 0.75, "accuracy": 0.9}, 100, 0.05, AFTER),
    events.Saved(14, "x"),
    events.Finished({"test": {"loss": 0.7, "accuracy": 0.8}}),
]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def tell(stream, **more):
    with reporting(stream, **more) as report:
        for event in STORY:
            report(event)
    return stream.getvalue()


def test_lines_say_what_happened():
    assert tell(io.StringIO()).splitlines() == [
        "compiling the initial weights ...",
        "compiled the initial weights in 0.2 s",
        "resuming after step 7, epoch 2/2",
        "compiling the training step ...",
        "compiled the training step in 1.5 s",
        "warning[GC611]: a checkpoint is damaged",
        "epoch 2/2  loss 0.5000  validation loss 0.7500  accuracy 0.9000  2,000 examples/s",
        "test loss 0.7000  accuracy 0.8000",
    ]


def test_a_resumed_run_with_nothing_left_says_so():
    said = sentence(events.Started(Position(step=9, epoch=4), 2, 3), 2)
    assert said == "nothing is left to train: 4 epochs are done, 2 asked for"


def test_a_terminal_shows_a_bar(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    text = tell(Terminal())
    assert "compiling the training step" in text
    assert "epoch 2/2" in text
    assert "loss 1.2500  accuracy 0.5000  1,234 examples/s" in text
    assert "epoch 2/2  loss 0.5000  validation" in text


def test_quiet_says_nothing():
    assert tell(Terminal(), quiet=True) == ""


def test_rich_is_not_imported_without_a_terminal():
    script = (
        "import io, sys\n"
        "import graphc.runtime.progress as p\n"
        "with p.reporting(io.StringIO()): pass\n"
        "assert 'rich' not in sys.modules and 'jax' not in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, timeout=20)
