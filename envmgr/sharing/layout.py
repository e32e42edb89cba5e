"""The names of everything in a binary cache: plain files, which any web server or bucket can serve."""

import re

from envmgr.model.digest import Digest
from envmgr.model.store_path import BASE_LENGTH, NAME_PATTERN, VERSION_PATTERN, StorePath

INTRODUCTION = "envmgr-cache.json"
"""Says that this is a binary cache, and of which schema."""
OBJECTS = "objects"
REALISATIONS = "realisations"
MANIFESTS = "manifests"
CONTENTS = "contents"

_HEX = "[0-9a-f]{64}"
_PATH = rf"[a-z2-7]{{{BASE_LENGTH}}}-{NAME_PATTERN}-{VERSION_PATTERN}"
_NAMES = re.compile(
    rf"{re.escape(INTRODUCTION)}|{OBJECTS}/{_PATH}\.json|{REALISATIONS}/{_HEX}\.json"
    rf"|{MANIFESTS}/{_HEX}\.zst|{CONTENTS}/{_HEX}\.zst"
)


def is_name(text: str) -> bool:
    """Whether a binary cache can have a file of this name; no such name climbs."""
    return _NAMES.fullmatch(text) is not None


def object_record(path: StorePath) -> str:
    """The record of an object, with all realisations that are known of it."""
    return f"{OBJECTS}/{path}.json"


def realisation_record(question: Digest) -> str:
    """The record of the object that a derivation digest, or a resolved digest, came to."""
    return f"{REALISATIONS}/{question.hex}.json"


def manifest(digest: Digest) -> str:
    """The text of a manifest, under zstd."""
    return f"{MANIFESTS}/{digest.hex}.zst"


def contents(digest: Digest) -> str:
    """The packed content of the tree with this manifest."""
    return f"{CONTENTS}/{digest.hex}.zst"
