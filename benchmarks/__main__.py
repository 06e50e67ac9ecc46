"""`python -m benchmarks [NAME...]`: run them, print tables, keep them with --write."""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys

from benchmarks.machine import about
from benchmarks.options import Options
from benchmarks.report import write

NAMES = (
    "startup",
    "check",
    "products",
    "merge",
    "lockstep",
    "depth",
    "loops",
    "convolutions",
    "throughput",
    "recurrent",
    "graphs",
    "objectives",
)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks that were asked for, all by default."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    options = Options(asked.quick, asked.rounds, asked.peer_python, tuple(asked.only))
    for name in asked.names or NAMES:
        machine = about()
        result = importlib.import_module(f"benchmarks.{name}").run(options)
        print(f"## {name}\n\n{machine}\n\n{result.markdown()}\n", flush=True)
        if asked.write:
            write(name, result, machine, _command(name, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    parser.add_argument("--rounds", type=int, help="how often everything is measured")
    parser.add_argument("--write", action="store_true", help="keep tables and numbers here")
    parser.add_argument("--peer-python", help="an interpreter with Keras and PyTorch")
    parser.add_argument("--only", nargs="*", default=[], help="these networks or tables only")
    return parser


def _command(name: str, options: Options) -> str:
    """The command to print: without paths of this machine."""
    words = ["python", "-m", "benchmarks", name]
    words += ["--quick"] * options.quick
    words += ["--rounds", str(options.rounds)] * (options.rounds is not None)
    words += ["--only", *options.only] * bool(options.only)
    words += ["--peer-python", "PYTHON"] * (options.peer_python is not None)
    return shlex.join(words)


if __name__ == "__main__":
    main()
