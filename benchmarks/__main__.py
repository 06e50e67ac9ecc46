"""`python -m benchmarks [NAME...]`: run them, print tables, keep them with --write."""

from __future__ import annotations

import argparse
import importlib
import os
import shlex
from types import ModuleType

from benchmarks import aims
from benchmarks.machine import about
from benchmarks.options import Options
from benchmarks.report import Kept
from graphc.api.model import default_device

NAMES = (
    "startup",
    "first_step",
    "check",
    "products",
    "merge",
    "guards",
    "lockstep",
    "depth",
    "layers",
    "loops",
    "points",
    "operations",
    "convolutions",
    "precision",
    *aims.TRAINED,
)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks that were asked for, all by default."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # all share one GPU
    options = Options(
        asked.quick,
        asked.rounds,
        asked.peer_python,
        tuple(asked.only),
        tuple(asked.peers),
        asked.limit,
    )
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in asked.names or NAMES}
    for word, constant in {"only": "CHOICES", "peers": "TITLES"}.items():
        modules = _having(getattr(options, word), constant, modules, parser)
    device, found = default_device(), {}
    kept = Kept.of(device)
    for name, module in modules.items():
        machine = about()
        result = module.run(options)
        print(f"## {name}\n\n{machine}\n\n{result.markdown()}\n", flush=True)
        if asked.write:
            kept.write(name, result, machine, _command(name, options))
        found[name] = result.numbers
    if (table := aims.table(found, device)) is not None:
        print(f"## aims\n\n{table.markdown()}\n")
    if asked.write:
        aims.write(device)


def _having(
    wanted: tuple[str, ...],
    constant: str,
    modules: dict[str, ModuleType],
    parser: argparse.ArgumentParser,
) -> dict[str, ModuleType]:
    """The benchmarks of which one of the wanted names, if there are any, is in their constant."""
    known = {name: set(getattr(module, constant, ())) for name, module in modules.items()}
    if unknown := set(wanted).difference(*known.values()):
        there = ", ".join(sorted(set().union(*known.values())))
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {there}")
    return {
        name: module for name, module in modules.items() if not wanted or known[name] & set(wanted)
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--write", action="store_true", help="keep tables and numbers here")
    parser.add_argument("--peer-python", help="an interpreter with Keras and PyTorch")
    parser.add_argument("--only", nargs="*", default=[], help="these networks or tables only")
    parser.add_argument("--peers", nargs="*", default=[], help="graphc and these forms only")
    parser.add_argument("--limit", type=float, help="seconds to the first epoch of a form")
    return parser


def _command(name: str, options: Options) -> str:
    """The command to print: without paths of this machine."""
    words = ["python", "-m", "benchmarks", name]
    words += ["--quick"] * options.quick
    words += ["--rounds", str(options.rounds)] * (options.rounds is not None)
    words += ["--only", *options.only] * bool(options.only)
    words += ["--peers", *options.peers] * bool(options.peers)
    words += [] if options.limit is None else ["--limit", f"{options.limit:g}"]
    words += ["--peer-python", "PYTHON"] * (options.peer_python is not None)
    return shlex.join(words)


if __name__ == "__main__":
    main()
