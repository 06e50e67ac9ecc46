"""`graphc`: the commands, each imported when it is called, and how a command ends.

Exit status: 0 done; 1 the run failed; 2 the spec or the usage is wrong.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from graphc.core.collection import seldom_collected, without_collection

COMMANDS = {
    "new": "Write a starter spec that trains at once",
    "check": "Check specs, without running anything",
    "show": "Show a spec as a table or a drawing",
    "diff": "Compare two specs",
    "compile": "Print the Flax source of a spec",
    "explain-compile": "Say what the compiler did, and why",
    "data": "Show the data of a spec",
    "doctor": "Look at a network before it is trained",
    "tune": "Measure which forms are faster on this machine",
    "train": "Train a spec",
    "sweep": "Train a spec with several values and find the best",
    "verify-resume": "Prove that a killed run goes on as if never stopped",
    "replay": "Say again where the numbers of a stopped run went wrong",
    "evaluate": "Evaluate a trained run",
    "predict": "Predict with a trained run",
    "generate": "Let a trained run write text",
    "export": "Write a trained network for other programs",
    "plot": "Draw the learning curves of runs into one picture",
    "ops": "List what a spec can name, or explain one",
    "schema": "Print the JSON Schema of specs, for editors",
    "help": "Explain the code of an error",
}
"""The commands with their one-line help, so that `--help` imports none of them."""


class _Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @without_collection
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"graphc.cli.{cmd_name.replace('-', '_')}").command

    def resolve_command(self, ctx: click.Context, args: list[str]):
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"; a command with a similar name exists: `{near[0]}`" if near else ""
            ctx.fail(f"there is no command `{name}`{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from graphc import __version__

        click.echo(f"graphc {__version__}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
def graphc() -> None:
    """Neural networks as YAML graphs, compiled to readable Flax source."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        with seldom_collected():
            status = graphc.main(arguments, prog_name="graphc", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        _drop_output()
        return 1
    except Exception as error:
        from graphc.cli.failures import fault

        return fault(error)
    return status if isinstance(status, int) else 0


def _drop_output() -> None:
    """Keep Python from complaining at its end of a pipe that nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
