"""What tests of executors run their actions in."""

import sys
from dataclasses import replace
from pathlib import Path

from envmgr.builders.action import OUT_PLACE, Action, Executor, Exited
from envmgr.builders.interpreter import interpreter

ABI = f"cp3{sys.version_info.minor}"


class Box:
    """An executor with an output folder, a log, and a short way to run a shell in it."""

    def __init__(self, runner: Executor, folder: Path) -> None:
        self.runner = runner
        self.out = folder / "out"
        self.out.mkdir()
        self.log = folder / "log"
        self.place = runner.place(self.out, OUT_PLACE)

    def action(self, script: str) -> Action:
        """A shell's script."""
        argv = ("/bin/sh", "-c", script)
        return Action(argv, {"out": self.place}, {}, {OUT_PLACE: self.out}, self.place, 60, 1_000_000)

    def python(self, program: str) -> Action:
        """A program of an interpreter of the host."""
        found = interpreter(ABI)
        argv = (found.command(self.runner), "-c", program)
        return replace(self.action(""), argv=argv, readable=found.readable, hidden=found.hidden)

    def said(self, action: Action) -> str:
        """What it prints."""
        assert self.runner.run(action, self.log) == Exited(0), self.log.read_text()
        return self.log.read_text()
