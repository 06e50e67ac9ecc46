"""The YAML that ships with graphc: standard blocks, the zoo and the specs."""

from __future__ import annotations

from pathlib import Path

from graphc.core.span import Source

PACKAGE = Path(__file__).resolve().parent.parent


def folder(kind: str) -> Path:
    """The folder of `blocks`, `zoo` or `specs`: in the checkout if there is one, else installed."""
    if kind == "blocks":
        return PACKAGE / "blocks"
    checkout = PACKAGE.parent / kind
    in_checkout = (PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir()
    return checkout if in_checkout else PACKAGE / "_bundled" / kind


def names(kind: str) -> list[str]:
    """The files of a folder by name, without their ending."""
    return sorted(path.stem for path in folder(kind).glob("*.yaml"))


def bundled(name: str) -> Source | None:
    """The text of `zoo/lenet5`, `specs/digits_mlp` or `blocks/residual`."""
    kind, _, word = name.partition("/")
    path = folder(kind) / f"{word.removesuffix('.yaml')}.yaml"
    if "/" in word or not path.is_file():
        return None
    return Source(f"{kind}/{path.name}", path.read_text(encoding="utf-8"), str(path.parent))


def named(spec: str) -> str | Source:
    """A spec by its path, or `zoo/NAME` and `specs/NAME`, which ship with graphc."""
    if spec.startswith(("zoo/", "specs/")) and not Path(spec).exists():
        return bundled(spec) or spec
    return spec
