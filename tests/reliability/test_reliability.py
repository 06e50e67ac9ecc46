"""The reliability figures of docs/reliability.md, by `pytest -m slow tests/reliability`.

GRAPHC_KILLS and GRAPHC_FLIPS set other numbers than 100.
"""

import os
import random
import shutil

import numpy as np
import pytest

from graphc.cli.main import main
from graphc.runtime import checkpoint
from graphc.runtime.checkpoint import Damaged

KILLS = int(os.environ.get("GRAPHC_KILLS", 100))
FLIPS = int(os.environ.get("GRAPHC_FLIPS", 100))
SPEC = """
network:
  inputs: {image: [8, 8, 1]}
  layers:
    - flatten
    - {dense: {features: 32, activation: relu}}
    - batch_norm
    - {dropout: 0.2}
    - {repeat: {times: 4, layers: [{highway: [{dense: 32}]}]}}
    - {dense: 10}
data: digits
train: {loss: cross_entropy, optimizer: {adam: 1e-3}}
"""


@pytest.mark.slow
def test_killed_runs_resume_bit_for_bit(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(SPEC)
    command = ["verify-resume", "a.yaml", "--kills", str(KILLS), "--epochs", "40"]
    assert main(command) == 0
    assert f"the same bit for bit after {KILLS} kills" in capsys.readouterr().out


@pytest.mark.slow
def test_every_flipped_byte_of_a_checkpoint_is_found(tmp_path):
    draw = random.Random(0)
    arrays = {f"params/{i}": np.random.default_rng(i).normal(size=(50, 50)) for i in range(5)}
    checkpoint.write(tmp_path / "good", arrays, {"position": {}})
    for _ in range(FLIPS):
        copy = tmp_path / "copy"
        shutil.copytree(tmp_path / "good", copy)
        files = [each for each in copy.rglob("*") if each.is_file() and each.stat().st_size]
        sizes = [each.stat().st_size for each in files]
        (file,) = draw.choices(files, sizes)
        data = bytearray(file.read_bytes())
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        file.write_bytes(data)
        with pytest.raises(Damaged):
            checkpoint.read(copy)
        shutil.rmtree(copy)
