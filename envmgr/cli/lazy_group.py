"""A group of commands, each read from its file when it is used."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from envmgr.model.errors import UsageError
from envmgr.model.names import did_you_mean


class LazyGroup(click.Group):
    """Loads a command's file when the command is used, and suggests the nearest one for a misspelt name."""

    def __init__(
        self,
        name: str | None = None,
        *,
        lines: Mapping[str, str],
        module: str,
        **options: Any,  # noqa: ANN401  those of click.Group
    ) -> None:
        """Take the commands' names, a line on what each does, and where they are.

        Args:
            name: of the group.
            lines: by name, in the order in which they are shown.
            module: the module of a command, `{}` standing for its name; its member `command` is the command.
            options: of the group.
        """
        super().__init__(name, **options)
        self._lines = lines
        self._module = module

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in their order."""
        return list(self._lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them; None where there is none of that name."""
        if cmd_name not in self._lines:
            return None
        command: click.Command = importlib.import_module(self._module.format(cmd_name.replace("-", "_"))).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that arguments name.

        Raises:
            UsageError: there is none; the nearest name is suggested.
        """
        if args and args[0] not in self._lines and not args[0].startswith("-"):
            near = did_you_mean(args[0], self._lines)
            fix = f"did you mean {near!r}?" if near else f"see `{ctx.command_path} --help`"
            raise UsageError(f"there is no command {args[0]!r}", fix=fix)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The lines, without reading a file."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._lines.items()))
