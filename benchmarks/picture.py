"""How fast each form trains each network, as bars in SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from benchmarks.measure import Sample
from benchmarks.report import speed
from graphc.insight.chart import COLOURS

FORMS = {
    "graphc": "graphc",
    "graphc_bfloat16": "graphc, bfloat16",
    "graphc_ynnpack": "graphc, YNNPACK",
    "nnx": "NNX",
    "jax": "JAX by hand",
    "jax_without_ynnpack": "JAX, YNNPACK off",
    "jax_rows": "JAX, rows",
    "scan": "JAX, plain scan",
    "keras": "Keras",
    "keras_steps": "Keras, several steps",
    "torch": "PyTorch",
    "torch_compile": "PyTorch, compiled",
    "torch_geometric": "PyTorch Geometric",
}
"""All forms, and what they are called where there is little room."""
_MORE = ("#b03a48", "#d98c95", "#5f6b7a", "#3f4f2c", "#9fb4c7")
_COLOUR = dict(zip(FORMS, (*COLOURS, *_MORE), strict=True))
_STYLE = """
.bars text { font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: #737d8f; }
.bars .title { font-weight: 600; font-size: 13px; fill: #76819a; }
.bars .reach { stroke: #8a93a5; stroke-width: 1.5; }
"""
_COLUMNS, _WIDTH, _NAMES, _NUMBERS = 3, 410, 140, 76
_HEAD, _BAR, _FOOT = 26, 19, 14


def picture(networks: Mapping[str, Mapping[str, Sample]]) -> str:
    """A panel for each network with a bar for each form, as long as the median of its rates.

    The fastest fills its panel; a thin line goes from the lower to the upper quartile.
    """
    panels, names = [], list(networks)
    top = 0
    for start in range(0, len(names), _COLUMNS):
        row = names[start : start + _COLUMNS]
        for place, name in enumerate(row):
            panels.append(f'<g transform="translate({place * _WIDTH} {top})">')
            panels += [*_panel(name, networks[name]), "</g>"]
        top += _HEAD + _FOOT + _BAR * max(len(networks[name]) for name in row)
    width = _COLUMNS * _WIDTH
    head = (
        f'<svg class="bars" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}"'
        f' width="{width}" height="{top}" role="img">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *panels, "</svg>"]) + "\n"


def _panel(name: str, samples: Mapping[str, Sample]) -> Iterator[str]:
    yield f'<text class="title" x="{_NAMES}" y="17">{escape(name)}</text>'
    longest = max(sample.quartiles[1] for sample in samples.values())
    scale = (_WIDTH - _NAMES - _NUMBERS) / longest
    for place, (form, sample) in enumerate(samples.items()):
        y, (low, high) = _HEAD + _BAR * place, sample.quartiles
        middle = y + (_BAR - 4) / 2
        yield f'<text text-anchor="end" x="{_NAMES - 6}" y="{y + 12}">{escape(FORMS[form])}</text>'
        bar = f'x="{_NAMES}" y="{y}" width="{sample.median * scale:.1f}" height="{_BAR - 4}"'
        told = f"<title>{escape(FORMS[form])}: {speed(sample)} per second</title>"
        yield f'<rect {bar} fill="{_COLOUR[form]}">{told}</rect>'
        start, length = _NAMES + low * scale, (high - low) * scale
        yield f'<path class="reach" d="M{start:.1f} {middle:g}h{length:.1f}"/>'
        end = _NAMES + high * scale + 6
        yield f'<text x="{end:.1f}" y="{y + 12}">{speed(sample).split()[0]}/s</text>'
