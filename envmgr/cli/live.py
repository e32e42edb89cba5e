"""What happens while a command works, shown on stderr: a live line a running step, or plain lines off a terminal."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

import click

from envmgr.cli.answer import printable, say
from envmgr.model.event import Event

HEARTBEAT_SECONDS = 30.0
Notice = Callable[[Event], None]


@contextmanager
def watching(*, stream: bool = False) -> Iterator[Notice]:
    """A consumer of events for the time of a command.

    Args:
        stream: print each event as one JSON line on stdout instead of showing it.
    """
    if stream:
        yield _print_json
    elif sys.stderr.isatty():
        with _live() as notice:
            yield notice
    else:
        with _plain() as notice:
            yield notice


def _print_json(event: Event) -> None:
    fields = {key: value for key, value in asdict(event).items() if value not in ("", None, 0)}
    click.echo(json.dumps({"schema": "envmgr.event/1", **fields}, default=str))


class _Running:
    """The steps that run now, with their last event."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.events: dict[str, tuple[float, Event]] = {}

    def take(self, event: Event) -> None:
        with self.lock:
            if event.kind in ("finished", "failed"):
                self.events.pop(event.subject, None)
            elif event.kind in ("started", "waiting", "progressed"):
                started, last = self.events.get(event.subject, (time.monotonic(), event))
                log = event.log or last.log
                self.events[event.subject] = (started, replace(event, log=log))

    def now(self) -> list[tuple[float, Event]]:
        with self.lock:
            return list(self.events.values())


@contextmanager
def _plain() -> Iterator[Notice]:
    """One line a change of state with the elapsed time, and a heartbeat."""
    running, began, ended = _Running(), time.monotonic(), threading.Event()

    def notice(event: Event) -> None:
        running.take(event)
        if event.kind not in ("progressed", "said"):
            say(f"[{time.monotonic() - began:6.1f} s] {words(event)}")

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            for started, event in running.now():
                say(f"[{time.monotonic() - began:6.1f} s] {_line(started, event)}")

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield notice
    finally:
        ended.set()
        heart.join()


@contextmanager
def _live() -> Iterator[Notice]:
    """Rich: finished steps scroll, running ones stay at the bottom."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    running, console = _Running(), Console(stderr=True, highlight=False)

    def drawn() -> Group:
        return Group(
            *(
                Text(printable(_line(started, event)), overflow="ellipsis", no_wrap=True)
                for started, event in running.now()
            )
        )

    with Live(get_renderable=drawn, console=console, refresh_per_second=8, transient=True):

        def notice(event: Event) -> None:
            running.take(event)
            if event.kind not in ("progressed", "started", "said"):
                console.print(Text(printable(words(event)), style="red" if event.kind == "failed" else ""))

        yield notice


def words(event: Event) -> str:
    """A change of state in words."""
    match event.kind:
        case "finished":
            took = f" in {event.seconds:.1f} s" if event.seconds else ""
            return f"{_past(event.activity)} {event.subject}{took}{': ' + event.text if event.text else ''}"
        case "failed":
            return f"failed {event.subject}: {event.text}"
        case "planned" | "said":
            return event.text
        case "warned":
            return f"warning: {event.text}"
        case _:
            return f"{event.activity or event.kind} {event.subject}{': ' + event.text if event.text else ''}"


def _past(activity: str) -> str:
    return {
        "fetch": "fetched",
        "build": "built",
        "rebuild": "rebuilt",
        "run": "ran",
        "copy": "copied",
        "push": "pushed",
        "measure": "measured",
    }.get(activity, activity)


def _line(started: float, event: Event) -> str:
    """One running step: what, how long, how far."""
    far = ""
    if event.done:
        far = f"{event.done / 1e6:.1f} MB" + (f" of {event.total / 1e6:.1f} MB" if event.total else "")
    elif event.log is not None:
        from envmgr.builders.action import tail

        far = next(iter(tail(event.log, 1)), "")
    return f"{event.activity or event.kind:8} {event.subject}  {time.monotonic() - started:.0f} s  {event.text or far}"
