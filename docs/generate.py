"""The pages of the manual that are made from the code: `python docs/generate.py` writes them anew.

With `--check` nothing is written, and pages that have drifted are named (exit 1); the tests ask that.
"""

# ruff: noqa: INP001  a program, started by its path

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import grimp
import tomli

import envmgr
from envmgr.builders.registry import SETTINGS
from envmgr.cli.command_line import envmgr as command_line
from envmgr.cli.documented import DIALECT, json_schema
from envmgr.cli.import_cm_command import parsed
from envmgr.cli.schema_command import ERROR, data_types
from envmgr.from_cm.benchmark import APP, WRAPPER
from envmgr.from_cm.call import read
from envmgr.from_cm.meaning import Meaning, Words
from envmgr.from_cm.translate import Command, translate
from envmgr.from_cm.words import ADR, UNIVERSAL
from envmgr.model.errors import INTERRUPTED, EnvmgrError
from envmgr.model.recipe import Recipe

DOCS = Path(__file__).parent
TOP = DOCS.parent
HELP_WIDTH = 100
NOTE = "<!-- Made by docs/generate.py from the code; change it there. -->\n"
JSON_PREFACE = """\
# Answers as JSON

With `--json` a command prints one object on stdout:

```json
{"schema": "envmgr.list/1", "ok": true, "data": {}, "warnings": []}
```

`ok` says whether the exit code is 0; where it is not, there is an `error`. `data` is empty where the command has no
answer. Within `/1` fields are only ever added. `envmgr schema NAME` prints the JSON schema of a command's answer.

With `--json=stream` the commands that build print an object `envmgr.event/1` a line for what happens on the way, and
the answer last.
"""
FROM_CM_PREFACE = """\
# From CM to envmgr

Every command of the tutorial "modularizing and automating MLPerf", part by part, and what does the same here. For any
other one, ask:

    envmgr import-cm 'cm run script "app mlperf inference generic _cpp _retinanet _onnxruntime _cpu" --mode=accuracy'

It prints the commands on stdout, what differs on stderr, and checks each against the recipes of the project: a line
that starts with `#` can't be started yet, or does not do all that was asked. Words that it does not understand are
listed, with the nearest that it does, and exit code 2. `envmgr import-cm -` reads a whole script from stdin.

Where CM has a default, the translation writes it out. Add `--lock recipes.lock` to hold a run against the lockfile.
[The tutorial, as it was run here](from-cm-as-run.md) says how each of these commands ended.
"""
Schema = Mapping[str, Any]


def recipe_schema() -> str:
    """What the first line of every recipe names: the answer of `envmgr schema`."""
    return json.dumps({"$schema": DIALECT, **json_schema(Recipe)}, indent=2, ensure_ascii=False) + "\n"


def recipes_page() -> str:
    """Every key that a recipe may have."""
    schema = json_schema(Recipe)
    parts = dict(schema["$defs"])
    order = ["Build", "Run", "Step", "Axis", "Override", "InputReference"]
    order += [name for name in parts if name not in order]
    lines = [
        NOTE,
        "# Recipes\n",
        "A recipe is a TOML file in `recipes/`, named as the recipe. Its keys stand in the order of the table below.\n",
        "The words are those of the [glossary](../glossary.md).\n",
        *_section("Recipe", schema, parts),
        *(line for name in order if "properties" in parts[name] for line in _section(name, parts[name], parts)),
        "# Settings of the builders\n",
    ]
    for name, settings in SETTINGS.items():
        lines += _section(f"`{name}`", json_schema(settings), {})
    return "\n".join(lines)


def commands_page() -> str:
    """What `--help` of every command says."""
    lines = [NOTE, "# Commands\n"]
    for context in _contexts(command_line, "envmgr", None):
        lines += [f"## {context.command_path}\n", f"```text\n{context.get_help()}\n```\n"]
    return "\n".join(lines)


def _contexts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    width = {"terminal_width": HELP_WIDTH, "max_content_width": HELP_WIDTH}
    context = command.make_context(name, [], parent, resilient_parsing=True, **width)
    yield context
    for below in command.list_commands(context) if isinstance(command, click.Group) else []:
        found = command.get_command(context, below)  # type: ignore[attr-defined]
        yield from _contexts(found, below, context)


def exit_codes_page() -> str:
    """Every exit code, and every error that ends with it."""
    for module in pkgutil.walk_packages(envmgr.__path__, "envmgr."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    kinds: list[type[EnvmgrError]] = [EnvmgrError, *EnvmgrError.__subclasses__()]
    meanings = {kind.exit_code: kind.meaning for kind in kinds} | {
        0: "done",
        INTERRUPTED: "interrupted; nothing half done",
    }
    errors = sorted({*kinds, *_below(EnvmgrError)}, key=lambda kind: (kind.exit_code, kind.__name__))
    lines = [NOTE, "# Exit codes\n", "| exit | means |", "| ---: | --- |"]
    lines += [f"| {code} | {meaning} |" for code, meaning in sorted(meanings.items())]
    lines += ["\nEvery error is of a class of its own, which `--json` names.\n", "| exit | class | when |"]
    lines += ["| ---: | --- | --- |"]
    lines += [f"| {kind.exit_code} | `{kind.__name__}` | {_first_line(kind)} |" for kind in errors]
    return "\n".join(lines) + "\n"


def _below(kind: type[EnvmgrError]) -> Iterator[type[EnvmgrError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)


def json_page() -> str:
    """What every command answers with `--json`."""
    shared: dict[str, Schema] = {}
    lines = [NOTE, JSON_PREFACE, *_section("error", ERROR, {})]
    for name, data in data_types(command_line):
        schema = json_schema(data, mode="serialization")
        for part, described in schema.get("$defs", {}).items():
            if shared.setdefault(part, described) != described:
                raise ValueError(f"two parts of answers are named {part}")
        alternatives = [shared[_name(item)] if "$ref" in item else item for item in schema.get("anyOf", [schema])]
        lines.append(f"## {name}\n")
        for item in alternatives:
            lines += _fields(item, shared)
    lines.append("# Parts of answers\n")
    for part, described in sorted(shared.items()):
        if "properties" in described:
            lines += _section(part, described, shared)
    return "\n".join(lines)


def _section(title: str, schema: Schema, parts: Mapping[str, Schema]) -> list[str]:
    return [f"## {title}\n", *_fields(schema, parts)]


def _fields(schema: Schema, parts: Mapping[str, Schema]) -> list[str]:
    """A description, and a table of the fields; where all are always there, without a column for defaults."""
    required, always = schema.get("required", []), set(schema["properties"]) == set(schema.get("required", []))
    columns = ["key", "value", "meaning"] if always else ["key", "value", "default", "meaning"]
    lines = [schema.get("description", "").strip() + "\n", _row(columns), _row(["---"] * len(columns))]
    for key, field in schema["properties"].items():
        default = "" if field.get("default") in (None, "", {}, []) else f"`{json.dumps(field['default'])}`"
        optional = [] if always else ["*required*" if key in required else default]
        lines.append(_row([f"`{key}`", _kind(field, parts), *optional, _cell(field.get("description", ""))]))
    return [*lines, ""]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _kind(field: Schema, parts: Mapping[str, Schema]) -> str:
    """The type of a field in words."""
    match field:
        case {"$ref": _}:
            name = _name(field)
            words = f"[{name}](#{name.lower()})" if "properties" in parts.get(name, {}) else name
        case {"const": value}:
            words = f"`{json.dumps(value)}`"
        case {"enum": values}:
            words = ", ".join(f"`{json.dumps(value)}`" for value in values)
        case {"anyOf": kinds} | {"oneOf": kinds}:
            words = " or ".join(dict.fromkeys(_kind(kind, parts) for kind in kinds if kind.get("type") != "null"))
        case {"type": "array"}:
            words = f"list of {_kind(field.get('items', {}), parts)}"
        case {"type": "object"}:
            inside = [field.get("additionalProperties"), *field.get("patternProperties", {}).values()]
            words = " of ".join(["table", *(_kind(kind, parts) for kind in inside if isinstance(kind, dict))][:2])
        case _:
            kind = str(field.get("type", "any"))
            words = "text" if kind == "string" else kind
    return words


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def architecture_page() -> str:
    """The page as it stands, with its generated blocks made anew."""
    text = (DOCS / "architecture.md").read_text()
    for name, make in {"rooms": _rooms, "imports": _imports, "rules": _rules}.items():
        before, begin, rest = text.partition(f"<!-- {name}: made by docs/generate.py -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        text = f"{before}{begin}{make()}{end}{after}"
    return text


def _layers() -> list[str]:
    """The rooms from the top of the house down, as pyproject.toml orders them."""
    contracts = _contracts()
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [room.strip() for layer in layers for room in layer.split("|")]


def _contracts() -> list[Mapping[str, Any]]:
    configuration = tomli.loads((TOP / "pyproject.toml").read_text())
    contracts: list[Mapping[str, Any]] = configuration["tool"]["importlinter"]["contracts"]
    return contracts


def _rooms() -> str:
    rows = [f"| `{room}` | {_first_line(importlib.import_module(f'envmgr.{room}'))} |" for room in _layers()]
    return "\n".join(["| room | what it is |", "| --- | --- |", *rows]) + "\n"


def _imports() -> str:
    """Who imports whom: a row's room imports the rooms of the columns that are marked."""
    graph, rooms = grimp.build_graph("envmgr", cache_dir=None), _layers()
    numbers = [f"{number:2}" for number in range(1, len(rooms) + 1)]
    lines = [f"{'':16}{' '.join(numbers)}"]
    for number, room in zip(numbers, rooms, strict=True):
        marks = [
            graph.direct_import_exists(importer=f"envmgr.{room}", imported=f"envmgr.{other}", as_packages=True)
            if other != room
            else None
            for other in rooms
        ]
        shown = " ".join(" ■" if mark is None else " ●" if mark else " ·" for mark in marks)
        lines.append(f"{number} {room:13}{shown}")
    return "```text\n" + "\n".join(line.rstrip() for line in lines) + "\n```\n"


def _rules() -> str:
    return "".join(f"- {contract['name']}.\n" for contract in _contracts())


def from_cm_page() -> str:
    """CM's commands beside ours, and what each of CM's words comes to."""
    lines = [NOTE, FROM_CM_PREFACE]
    for part in tomli.loads((DOCS / "from-cm.toml").read_text())["part"]:
        lines += [f"## {part['title']}\n", *_table("CM or MLCFlow", "envmgr", "what is better, or different")]
        for command in part["command"]:
            (call,) = read(command["cm"])
            ours = [_shown(counterpart) for counterpart in translate(call).commands] or ["nothing is needed"]
            lines.append(_row([f"`{_cell(command['cm'])}`", "<br>".join(ours), command["better"]]))
        lines.append("")
    lines.append("## Word by word\n")
    tables: dict[str, tuple[Words, str]] = {
        "Every script": (UNIVERSAL, "--"),
        "A benchmark's variations": (APP.variations, "_"),
    }
    tables |= {"A benchmark's flags": (APP.flags, "--")}
    tables |= {"Variations of `run,mlperf,inference`": (WRAPPER.variations, "_")}
    tables |= {"Further flags of `run,mlperf,inference`": (_without(WRAPPER.flags, APP.flags), "--")}
    tables |= {f"`--adr.{name}`": (keys, f"--adr.{name}.") for name, keys in ADR.items()}
    for title, (words, prefix) in tables.items():
        lines += [f"### {title}\n", *_table("word", "envmgr", "remark"), *_words(words, prefix), ""]
    return "\n".join(lines)


def _table(*columns: str) -> list[str]:
    return [_row(columns), _row(["---"] * len(columns))]


def _without(words: Words, others: Words) -> Words:
    return {name: meaning for name, meaning in words.items() if name not in others}


def _words(words: Words, prefix: str) -> Iterator[str]:
    for name, meaning in words.items():
        if isinstance(meaning, Meaning):
            ours = [f"--set {axis}={value}" for axis, value in meaning.sets.items()]
            ours += [*meaning.options, *([f"then envmgr {' '.join(meaning.then)}"] if meaning.then else [])]
            ours += [f"{option} {value}".strip() for option, value in meaning.later.items()]
            shown = f"{prefix}{name}".replace("#", "N").replace("--", "-", 1 if len(name) == 1 else 0)
            cells = [" ".join(ours).replace("{}", "N"), (meaning.note or meaning.lacks).replace("{}", "N")]
            yield _row([f"`{shown}`", f"`{cells[0]}`" if cells[0] else "—", _cell(cells[1])])
        else:
            yield from _words(meaning, f"{prefix}{name}=")


def _shown(command: Command) -> str:
    """A command; where there is none of that name yet, this is said."""
    try:
        parsed(command_line.make_context("envmgr", [], resilient_parsing=True), command.argv)
    except (click.ClickException, EnvmgrError):
        return f"`{command.text}` (not there yet)"
    return f"`{command.text}`" + (" (not all of it can be done)" if command.lacks else "")


def _first_line(documented: object) -> str:
    return _cell((documented.__doc__ or "").strip().partition("\n\n")[0])


PAGES: Mapping[str, Callable[[], str]] = {
    "architecture.md": architecture_page,
    "from-cm.md": from_cm_page,
    "reference/commands.md": commands_page,
    "reference/exit-codes.md": exit_codes_page,
    "reference/json.md": json_page,
    "reference/recipe.schema.json": recipe_schema,
    "reference/recipes.md": recipes_page,
}


def main() -> int:
    """Write the pages, or say which have drifted; the exit code."""
    made = {DOCS / name: make() for name, make in PAGES.items()}
    drifted = [file for file, text in made.items() if not file.is_file() or file.read_text() != text]
    if "--check" in sys.argv[1:]:
        sys.stderr.write("".join(f"{file.relative_to(TOP)} has drifted: run docs/generate.py\n" for file in drifted))
        return 1 if drifted else 0
    for file in drifted:
        file.write_text(made[file])
        sys.stderr.write(f"wrote {file.relative_to(TOP)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
