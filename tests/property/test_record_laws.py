"""Laws of the records of caches: what is signed is all that is said, and what is joined is not lost."""

from hypothesis import example, given
from hypothesis import strategies as st

from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath
from envmgr.sharing.keys import PrivateKey
from envmgr.sharing.record import Record, SignedRealisation

DIGESTS = st.binary(max_size=2).map(Digest.of)
PATHS = st.builds(lambda digest: StorePath.of(kind="built", manifest=digest, name="n", version="1"), DIGESTS)
REALISATIONS = st.builds(
    SignedRealisation,
    resolved=DIGESTS,
    derivation=st.dictionaries(st.sampled_from("ab"), st.text(max_size=2), max_size=2),
    isolation=st.sampled_from(["sandboxed", "confined", "unsandboxed"]),
    bare_host=st.dictionaries(st.just("libc"), st.text(max_size=2)),
)
RECORDS = st.builds(
    Record,
    store_path=PATHS,
    manifest=DIGESTS,
    size=st.integers(0, 3),
    references=st.lists(PATHS, max_size=2, unique=True).map(lambda paths: tuple(sorted(paths))),
    packed=st.integers(0, 3),
)
KEYS = [PrivateKey("one", bytes(32)), PrivateKey("two", bytes([1] * 32))]


def said(record: Record, made: SignedRealisation) -> object:
    """All that is said of a realisation: how the object is packed is not."""
    unsigned = made.model_dump(exclude={"signatures"})
    return record.model_dump(exclude={"packed", "realisations"}), unsigned


@given(RECORDS, REALISATIONS, RECORDS, REALISATIONS)
def test_a_signature_holds_for_what_was_said_and_for_nothing_else(
    record: Record, made: SignedRealisation, other: Record, another: SignedRealisation
) -> None:
    signature = KEYS[0].sign(record.statement(made))
    for question in ((record, made), (record, another), (other, made), (other, another)):
        holds = KEYS[0].public.holds(signature, question[0].statement(question[1]))
        assert holds == (said(*question) == said(record, made))
    assert not KEYS[1].public.holds(signature, record.statement(made))


@given(RECORDS, st.lists(REALISATIONS, max_size=4))
def test_text_and_parse_are_a_circle(record: Record, made: list[SignedRealisation]) -> None:
    whole = record.with_realisations(tuple(record.signed(each, KEYS[0]) for each in made))
    assert Record.parse(whole.show()) == whole
    assert Record.parse(whole.show()).show() == whole.show()


@given(RECORDS, st.lists(REALISATIONS, max_size=4), st.lists(REALISATIONS, max_size=4))
@example(
    Record(store_path=StorePath("a" * 32 + "-n-1"), manifest=Digest.of(b""), size=0, references=(), packed=0),
    [],
    [
        SignedRealisation(resolved=Digest.of(b""), derivation=dict.fromkeys(order, ""), isolation="sandboxed")
        for order in ("ab", "ba")
    ],
)
def test_records_that_are_joined_say_what_both_said_in_whatever_order(
    record: Record, one: list[SignedRealisation], two: list[SignedRealisation]
) -> None:
    signed = [tuple(record.signed(each, key) for each in made) for key, made in zip(KEYS, (one, two), strict=True)]
    joined = record.with_realisations(signed[0]).with_realisations(signed[1])
    assert joined == record.with_realisations(signed[1]).with_realisations(signed[0])
    assert joined == joined.with_realisations(signed[0])
    for key, made in zip(KEYS, (one, two), strict=True):
        for each in made:
            (found,) = [item for item in joined.realisations if said(record, item) == said(record, each)]
            assert key.public.holds(found.signatures[key.name], record.statement(each))
