"""The persistent compilation cache."""

import jax
import pytest

from graphc.core.diagnostic import RunError
from graphc.runtime.cache import cache_folder, use_compilation_cache

NAMES = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")


@pytest.fixture(autouse=True)
def own_configuration():
    before = {name: getattr(jax.config, name) for name in NAMES}
    jax.config.update(NAMES[0], None)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def test_it_lies_in_the_cache_folder_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "graphc/xla"
    assert use_compilation_cache()
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "graphc/xla")


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    assert not use_compilation_cache(tmp_path / "file/below")
    assert jax.config.jax_compilation_cache_dir is None


def test_a_setting_of_the_user_is_left_alone(tmp_path):
    jax.config.update(NAMES[0], str(tmp_path / "mine"))
    assert use_compilation_cache(tmp_path / "other")
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "mine")


@pytest.mark.parametrize("wanted", [True, False])
def test_a_run_can_do_without(runner, monkeypatch, wanted):
    asked = []
    monkeypatch.setattr("graphc.runtime.train.use_compilation_cache", lambda: asked.append(True))
    (runner.folder / "run").write_text("no directory")
    with pytest.raises(RunError, match="GC605"):
        runner(cache=wanted)
    assert bool(asked) is wanted
