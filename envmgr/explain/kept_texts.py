"""The derivation texts that a run left beside its record, and for what it did not leave those of the store."""

from envmgr.explain.causes import Texts
from envmgr.explain.derivation_text import DerivationText, derivation_text
from envmgr.model.digest import Digest
from envmgr.model.run_files import DERIVATION, DERIVATIONS
from envmgr.model.run_record import RunRecord
from envmgr.store.store import Store


def kept_texts(store: Store, record: RunRecord) -> Texts:
    """What finds the text of a derivation that a run was made from, its own included."""
    texts = kept(store, record)

    def found(digest: Digest) -> DerivationText | None:
        text = texts.get(digest)
        return DerivationText.parse(text) if text else derivation_text(store, digest)

    return found


def kept(store: Store, record: RunRecord) -> dict[Digest, bytes]:
    """The texts in a run's folder by their digests; what was damaged goes by another one, and is found by nobody."""
    folder = store.layout.runs / record.id
    files = (folder / name for name in (DERIVATION, DERIVATIONS))
    texts = (text for file in files if file.is_file() for text in file.read_bytes().splitlines())
    return {Digest.of(text): text for text in texts}
