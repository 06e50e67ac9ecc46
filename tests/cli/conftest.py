"""The command line, run in this process."""

import io
import sys
from types import SimpleNamespace

import pytest

from graphc.cli.main import main

SPEC = """\
graphc: 1
params: {units: 50}
network:
  inputs: {image: [8, 8, 1]}
  layers:
    - flatten
    - dense: $units
    - repeat: {times: 6, layers: [{highway: [{dense: $units}]}]}
    - dense: 10
data: digits
train: {loss: cross_entropy, optimizer: {adam: 1e-3}, epochs: 1}
"""


@pytest.fixture
def graphc(capsys, monkeypatch):
    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """A spec `a.yaml` in the current folder, which is a new one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.yaml"
    path.write_text(SPEC)
    return path
