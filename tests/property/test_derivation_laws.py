"""Laws of recipes and derivations: what never changes a digest, and what always does."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from envmgr.model.canonical import LARGEST_INTEGER, canonical_text
from envmgr.model.host import CpuFacts, HostFacts, PythonFacts
from envmgr.planning.catalog import Catalog
from envmgr.planning.plan import Planner

HOST = HostFacts(
    system="x86_64-linux", distribution="d", kernel="6.1", libc="glibc 2.36",
    cpu=CpuFacts(model="m", cores=2), memory_bytes=8 << 30, python=PythonFacts(abi="cp311", version="3.11.7"),
)  # fmt: skip

keys = st.text(st.characters(max_codepoint=127), max_size=5)
values = st.recursive(
    st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
)


@given(values)
def test_a_canonical_text_means_what_it_was_made_of(value: object) -> None:
    assert json.loads(canonical_text(value)) == value  # type: ignore[arg-type]  # what the strategy makes fits


@given(values)
def test_a_canonical_text_is_what_an_rfc_8785_printer_written_by_hand_gives(value: object) -> None:
    assert canonical_text(value) == rfc_8785(value).encode()  # type: ignore[arg-type]


def rfc_8785(value: object) -> str:
    """The RFC's sections 3.2.2 and 3.2.3, for the subset."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
            return '"' + "".join(short.get(c, c if c >= " " else f"\\u{ord(c):04x}") for c in value) + '"'
        case list():
            return "[" + ",".join(map(rfc_8785, value)) + "]"
        case dict():
            ordered = sorted(value, key=lambda key: key.encode("utf-16-be"))
            return "{" + ",".join(f"{rfc_8785(key)}:{rfc_8785(value[key])}" for key in ordered) + "}"
    raise TypeError(value)


LINES = ('version = "1"', 'summary = "A"', 'name = "tool"')
SOURCE = ('sha256 = "' + "0" * 64 + '"', 'file = "x.tgz"', 'kind = "url"')


@given(
    head=st.permutations(LINES),
    source=st.permutations(SOURCE),
    urls=st.lists(st.sampled_from(["https://a/x", "https://b/x", "http://c/y"]), min_size=1, max_size=3, unique=True),
    comment=st.text(st.characters(categories=["L", "N", "Zs"]), max_size=20),
    said=st.tuples(
        st.text(st.characters(categories=["L"]), min_size=1, max_size=20),
        st.sampled_from(["", "MIT", "Apache-2.0 WITH LLVM-exception", "LicenseRef-Own OR BSD-3-Clause"]),
    ),
)
def test_key_order_comments_addresses_summaries_and_licences_never_change_a_derivation(
    head: list[str], source: list[str], urls: list[str], comment: str, said: tuple[str, str]
) -> None:
    summary, licence = said
    lines = [*(line.replace('"A"', f'"{summary}"') for line in head), f'license = "{licence}"']
    text = "\n".join([f"# {comment}", *lines, "[sources.x]", *source, f"urls = {json.dumps(urls)}", BUILD])
    assert digest(text) == digest("\n".join([*LINES, "[sources.x]", *SOURCE, 'urls = ["https://z/x"]', BUILD]))


BUILD = '[build]\nbuilder = "unpack"\n'


def digest(text: str) -> str:
    with TemporaryDirectory() as folder:
        Path(folder, "tool.toml").write_text(text)
        return str(Planner(Catalog(Path(folder)), HOST).plan("tool").digest)
