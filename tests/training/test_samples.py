"""Values that are looked at while several objectives are trained, and drawn anew afterwards."""

import io
import json

import jax
import numpy as np
import pytest
from PIL import Image

import graphc as gc
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import Source
from graphc.data.grid import as_images, grid_png

PAIR = """
graphc: 1
networks:
  generator:
    inputs: {z: [4]}
    layers: [{dense: 8}, batch_norm, relu, {dense: 64}, sigmoid, {reshape: [8, 8, 1]}]
  critic:
    inputs: {image: [8, 8, 1]}
    layers: [flatten, {dense: 8}, relu, {dense: 1}]
data: digits
train:
  values:
    z: {normal: [4]}
    other: {normal: [4]}
    fake: generator(z)
    unseen: generator(other)
    fake_score: critic(fake)
    sure: mean(sigmoid(fake_score))
  objectives:
    critic:
      minimize: binary_cross_entropy(critic(image), 1) + binary_cross_entropy(fake_score, 0)
      update: critic
    generator: {minimize: "binary_cross_entropy(fake_score, 1)", update: generator}
  batch_size: 64
  epochs: 3
"""
SAMPLED = f"{PAIR}  samples: {{fake: 5, unseen: 4, image: 4, z: 3, every: 2 epochs}}\n"


def compiled(text, *settings):
    return gc.compile(Source("pair.yaml", text), settings)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return compiled(SAMPLED).train(tmp_path_factory.mktemp("samples") / "run")


def picture(file):
    return np.asarray(Image.open(file))


def test_images_are_grids_and_other_values_arrays_after_epochs_and_the_last(run):
    files = sorted(str(each.relative_to(run.path)) for each in run.path.glob("samples/*/*"))
    assert files == [
        f"samples/{name}/epoch_000{epoch}.{form}"
        for name, form in (("fake", "png"), ("image", "png"), ("unseen", "png"), ("z", "npz"))
        for epoch in (2, 3)
    ]
    large = 8 * 8 + 2
    fake = picture(run.path / "samples/fake/epoch_0003.png")
    assert fake.shape == (2 * large + 2, 3 * large + 2)


def test_the_noise_is_the_same_each_time(run):
    (first,), (second,) = (
        np.load(run.path / f"samples/z/epoch_000{epoch}.npz").values() for epoch in (2, 3)
    )
    assert first.shape == (3, 4)
    np.testing.assert_array_equal(first, second)


def test_fields_are_those_of_the_first_validation_examples(run):
    first = run.dataset().splits["validation"]["image"][:4]
    found = picture(run.path / "samples/image/epoch_0002.png")
    np.testing.assert_array_equal(found, picture(io.BytesIO(grid_png(as_images(first)))))


def test_the_report_shows_the_last_pictures_and_objectives_share_a_panel(run):
    page = (run.path / "report.html").read_text()
    assert page.count("<figcaption>") == 3
    assert ">objectives</text>" in page and ">sure</text>" in page
    assert list(json.loads((run.path / "result.json").read_text())["test"]) == [
        *("critic", "generator", "sure")
    ]


def test_a_step_is_the_same_with_and_without_samples():
    key = jax.random.key(0)
    batch = {"image": jax.random.uniform(key, (8, 8, 8, 1))}
    after = []
    for text in (PAIR, SAMPLED):
        module = compiled(text).module()
        after.append(jax.jit(module.train_step)(jax.jit(module.init)(key), batch, key))
    jax.tree.map(np.testing.assert_array_equal, *after)


def test_a_resumed_run_writes_what_one_that_went_through_does(run, tmp_path):
    compiled(SAMPLED, "train.epochs=2").train(tmp_path / "run")
    resumed = compiled(SAMPLED).train(tmp_path / "run", resume=True)
    for each in run.path.glob("samples/*/*"):
        assert (resumed.path / each.relative_to(run.path)).read_bytes() == each.read_bytes()


def test_values_are_drawn_anew_by_a_seed(run):
    several = run.samples("fake", 100, seed=1)
    assert several.shape == (100, 8, 8, 1)
    np.testing.assert_array_equal(run.samples("fake", 7, seed=1), several[:7])
    assert not np.array_equal(run.samples("fake", 7, seed=2), several[:7])
    fakes, scores = run.samples("fake", 7, seed=1), run.samples("fake_score", 7, seed=1)
    np.testing.assert_allclose(run.predict(fakes, "critic"), scores, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "split", "code"), [("feak", None, "GC634"), ("fake", "no", "GC613")]
)
def test_what_cannot_be_drawn_is_told(run, name, split, code):
    with pytest.raises(RunError) as caught:
        run.samples(name, split=split)
    assert [each.code for each in caught.value.diagnostics] == [code]


def test_one_network_is_exported(run):
    made = jax.export.deserialize(bytearray(run.export(network="generator")))
    z = np.ones((3, 4), np.float32)
    np.testing.assert_allclose(made.call(z), run.predict(z, "generator"), rtol=1e-5, atol=1e-6)
    with pytest.raises(RunError) as caught:
        run.export()
    assert [each.code for each in caught.value.diagnostics] == ["GC633"]


def test_a_check_up_wants_one_loss():
    with pytest.raises(SpecError) as caught:
        compiled(PAIR).doctor()
    assert [(each.code, each.span.line) for each in caught.value.diagnostics] == [("GC635", 19)]


def test_a_weight_is_one_picture(tmp_path):
    text = PAIR.replace("    z: {normal", "    seen: {weight: [8, 8, 1]}\n    z: {normal")
    text = text.replace("sure: mean(", "near: mean(square(seen - image))\n    sure: mean(")
    text += "    seen: {minimize: near, update: seen}\n"
    parts = text.split("  batch_size: 64\n  epochs: 3\n")
    text = parts[0] + parts[1] + "  batch_size: 64\n  epochs: 1\n  samples: {seen: 9}\n"
    run = compiled(text).train(tmp_path / "run")
    assert picture(run.path / "samples/seen/epoch_0001.png").shape == (68, 68)


@pytest.mark.parametrize("schedule", ["", "  schedule: [{critic: 2}, generator]\n"])
def test_a_replay_names_the_objective(tmp_path, schedule):
    text = PAIR.replace('"binary_cross_entropy(fake_score, 1)"', "log(fake_score) - 1e30")
    text = text.replace("log(fake_score) - 1e30", '"log(0 * fake_score - 1)"') + schedule
    with pytest.raises(RunError) as caught:
        compiled(text).train(tmp_path / "run")
    (problem,) = caught.value.diagnostics
    notes = [each.text for each in problem.notes]
    assert problem.code == "GC601" and "the objective `generator` is nan" in notes
    assert ("that is in turn 3 of the 3 turns of its round" in notes) == bool(schedule)


def test_early_stopping_watches_a_value_in_its_direction():
    from graphc.runtime.blueprint import settings_of

    text = PAIR.replace('{minimize: "binary', '{maximize: "binary')
    for metric, larger in (("critic", False), ("generator", True), ("sure", False)):
        made = compiled(f"{text}  early_stopping: {{patience: 1, metric: {metric}}}\n").compiled
        settings = settings_of(made, 256)
        assert (settings.monitor, settings.maximize) == (metric, larger)


def test_tensorboard_has_the_pictures_once_after_a_resume(tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    folder = tmp_path / "run"
    compiled(SAMPLED, "train.epochs=2").train(folder, tensorboard=True)
    compiled(SAMPLED).train(folder, resume=True, tensorboard=True)
    found = []
    for path in (folder / "tensorboard").iterdir():
        data = path.read_bytes()
        while data:
            length = int.from_bytes(data[:8], "little")
            event = Event.FromString(data[12 : 12 + length])
            several = [each for each in event.summary.value if each.HasField("image")]
            found += [(each.tag, event.step, each.image) for each in several]
            data = data[16 + length :]
    steps = sorted({step for _, step, _ in found})
    tags = [(tag, step) for tag, step, _ in found]
    names = ("samples/fake", "samples/image", "samples/unseen")
    assert sorted(tags) == sorted((tag, step) for tag in names for step in steps)
    assert len(steps) == 2
    image = next(image for tag, step, image in found if (tag, step) == (names[0], steps[-1]))
    file = folder / "samples/fake/epoch_0003.png"
    assert image.encoded_image_string == file.read_bytes()
    assert (image.height, image.width, image.colorspace) == (*picture(file).shape, 1)
