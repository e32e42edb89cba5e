"""The plan of a run, read back from the texts that the run left: recipes may have moved on."""

import json
from collections.abc import Mapping

from pydantic import ValidationError

from envmgr.explain.kept_texts import kept
from envmgr.model.derivation import Derivation
from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.model.node import Node
from envmgr.model.recipe import Run
from envmgr.model.run_record import RunRecord
from envmgr.store.store import Store


class NoTextsError(IntegrityError):
    """The texts that a run was made from are not beside its record, or are damaged."""

    def __init__(self, run: str, why: str, where: str) -> None:
        self.run = run
        super().__init__(
            f"what run {run} was made from cannot be read back: {why}", where=where, fix="run the benchmark again"
        )


def kept_plan(store: Store, record: RunRecord) -> Node:
    """The plan of a run: what it executed, and every derivation below it. Nobody says where its sources come from.

    Raises:
        NoTextsError: a text is gone, or damaged.
    """
    where = str(store.layout.runs / record.id)
    texts = kept(store, record)
    nodes: dict[Digest, Node] = {}
    try:
        for digest, text in texts.items():  # inputs first, but for the run's own, which is the first of all
            if digest != record.derivation:
                nodes[digest] = _node(text, nodes)
        own = _node(texts[record.derivation], nodes)
        run = run_of(own.derivation.settings)
    except KeyError as error:
        raise NoTextsError(record.id, f"the text of {error.args[0]} is gone", where) from error
    except (ValueError, ValidationError) as error:
        raise NoTextsError(record.id, str(error), where) from error
    return Node(own.derivation, own.inputs, recipe=record.recipe, axes=record.axes, choices=record.axes, run=run)


def run_of(settings: Mapping[str, object]) -> Run:
    """What a run executes, from the settings of its derivation: the pair of `planning.plan.run_settings`."""
    return Run.model_validate_json(json.dumps(settings))


def _node(text: bytes, nodes: Mapping[Digest, Node]) -> Node:
    roles = json.loads(text).get("inputs", {})
    inputs = {role: nodes[Digest.parse(digest)] for role, digest in roles.items()}
    return Node(Derivation.parse(text, {role: item.derivation for role, item in inputs.items()}), inputs)
