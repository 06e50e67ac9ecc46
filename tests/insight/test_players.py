"""Who moves what, drawn and told."""

import re
from xml.etree import ElementTree

import pytest

from graphc.checker import check
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source
from graphc.insight.players.scene import scene_of
from graphc.insight.players.svg import training_svg
from graphc.insight.players.text import training_text

PAIR = """
graphc: 1
networks:
  generator: {inputs: {z: [3]}, layers: [dense: 4]}
  critic: {inputs: {x: [4]}, layers: [dense: 1]}
  judge: {inputs: {x: [4]}, layers: [dense: 3]}
data: iris
train:
  values:
    z: {normal: [3]}
    fake: generator(z)
    fake_score: critic(fake)
    scores: judge(fake)
    said: cross_entropy(scores, label)
  objectives:
    critic: {minimize: mean(fake_score) - mean(critic(features)), update: critic}
    generator: {maximize: mean(fake_score) - said, update: generator, every: 2, optimizer: {sgd: 1}}
  schedule: [{critic: 5}, generator]
"""


@pytest.fixture(scope="module")
def scene():
    return scene_of(check(Source("pair.yaml", PAIR)))


def test_who_moves_what_as_text(scene):
    assert training_text(scene) == (
        """\
A round: critic 5 times, then generator; each time on a batch of its own.

objective  what it is                                          moves      by
---------------------------------------------------------------------------------------------
critic     minimise mean(fake_score) - mean(critic(features))  critic     adam
generator  maximise mean(fake_score) - said                    generator  sgd, every 2 rounds

value             what it is                    read by             type
----------------------------------------------------------------------------------
features          field of the data             critic(features)    [4]
label             field of the data             said                int [] below 3
critic(features)  part of a formula             critic              [1]
z                 normal: [3]                   fake                [3]
fake              generator(z)                  fake_score, scores  [4]
fake_score        critic(fake)                  critic, generator   [1]
scores            judge(fake)                   said                [3]
said              cross_entropy(scores, label)  generator           []

moved by none: judge
"""
    )


def test_when_each_moves_is_told_in_rounds_or_epochs():
    text = PAIR.replace("every: 2", "start: 2, until: 9").replace(
        "update: critic}", "update: critic, start: 1 epoch, until: 5 epochs}"
    )
    told = training_text(scene_of(check(Source("pair.yaml", text))))
    assert "adam, after 1 epoch, until 5 epochs\n" in told
    assert "sgd, after 2 rounds, until 9 rounds\n" in told


def test_a_draw_is_drawn_without_the_field_that_counts_the_examples(scene):
    readers = {target for source, target in scene.wires if source == "training/features"}
    assert "training/z" not in readers


def test_the_drawing_is_well_formed_and_joins_objectives_with_what_they_move(scene):
    drawn = training_svg(scene)
    ElementTree.fromstring(drawn)
    assert len(re.findall('class="moves"', drawn)) == 2
    assert "moved by none" in drawn and "5 times" in drawn


def test_one_loss_has_no_players():
    text = "graphc: 1\nnetwork: {inputs: {features: [4]}, layers: [dense: 3]}\ndata: iris\n"
    with pytest.raises(SpecError, match="GC412"):
        scene_of(check(Source("one.yaml", f"{text}train: {{loss: cross_entropy}}\n")))


def test_the_parts_of_a_formula_are_the_value_that_it_makes():
    text = """
graphc: 1
blocks:
  apart: {inputs: {a: any, b: any}, nodes: {d: "mean(abs(a - b))"}, output: d}
networks:
  eyes: {inputs: {x: [4]}, layers: [dense: 3]}
data: iris
train:
  values:
    seen: {weight: {shape: [4], init: zeros}}
    ours: eyes(seen)
    far: apart(0.5 * ours, 0.4 + eyes(2 * features))
    near: far + apart(ours, 1.0 * ours)
  objectives:
    only: {minimize: 3 * near + 1, update: [seen, eyes]}
"""
    scene = scene_of(check(Source("parts.yaml", text)))
    assert [(each.name, each.more) for each in scene.values] == [
        ("features", "[4]"),
        ("far:5", "[4]"),
        ("eyes(far:5)", "[3]"),
        ("seen", "[4]"),
        ("ours", "[3]"),
        ("far", "[]"),
        ("near", "[]"),
    ]
    assert ("training/near", "training/output:only") in scene.wires
