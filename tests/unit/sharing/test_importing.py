"""Exported files that are damaged, or made by somebody who means harm: nothing of them gets into a store."""

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.manifest import FileEntry, Manifest, manifest_of
from envmgr.model.errors import EnvmgrError, IntegrityError
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.sharing.export_format import Contents, ExportedObject, ExportedRoot
from envmgr.sharing.exporting import export
from envmgr.sharing.importing import bring_in
from envmgr.sharing.tar_stream import TarWriter
from envmgr.store.durable import DiskFullError
from envmgr.store.layout import Layout
from envmgr.store.store import Store
from tests.unit.store.conftest import derivation_of

Parts = dict[str, bytes]
"""What stands in a file, in its order."""
LONG = "n" * 120
"""A name for which the tar needs one more header."""


def publish(store: Store, name: str, files: Mapping[str, str], uses: tuple[StorePath, ...] = ()) -> StorePath:
    """Make an object of these files."""
    derivation = derivation_of(name)
    with store.stage(name) as staging:
        for path, text in files.items():
            (staging.out / path).parent.mkdir(parents=True, exist_ok=True)
            (staging.out / path).write_text(text)
        (staging.out / "link").symlink_to("bin")
        made = store.publish(
            staging,
            derivation=derivation,
            resolved=derivation.digest,
            candidates=uses,
            isolation="sandboxed",
            bare_host={"libc.so.6": "sha256:" + "0" * 64},
        )
    return made.wait().store_path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with two objects: one with a long name, and one that refers to it."""
    folder = tmp_path_factory.mktemp("origin")
    with Store.open(folder / "store") as store:
        library = publish(store, LONG, {"lib/words": "words\n" * 9, "lib/more/empty": "", "data": "d" * 700})
        tool = publish(store, "tool", {"bin/tool": f"#!/bin/sh\n# {library}\n"}, uses=(library,))
        export(store, [ExportedRoot(name="tool", kind="path", given={}, axes={}, paths=(tool,))], None, folder / "file")
    return (folder / "file").read_bytes()


@pytest.fixture(scope="module")
def plain(data: bytes) -> bytes:
    """The tar in that file."""
    return zstandard.ZstdDecompressor().stream_reader(data).read()


@pytest.fixture(scope="module")
def parts(plain: bytes) -> Parts:
    """The entries of that tar."""
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        opened = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        return {name: file.read() for name, file in opened.items() if file}


@contextmanager
def importing(data: bytes, folder: Path) -> Iterator[Layout]:
    """Import a file into a new store, of which there is nothing left but its empty folders if that fails."""
    (folder / "file").write_bytes(data)
    layout = Layout(folder / "store")
    try:
        with Store.open(layout.root) as store:
            bring_in(store, folder / "file", None)
    except (IntegrityError, DiskFullError):
        kept = (layout.objects, layout.records, layout.trash)
        assert [path for folder in kept for path in folder.iterdir()] == []
        assert list(layout.staging.iterdir()) == [layout.trash]
        raise
    yield layout


def written(parts: Parts) -> bytes:
    """A file with these parts, as `export` would write them."""
    file = io.BytesIO()
    writer = TarWriter(file)
    for name, text in parts.items():
        writer.add(name, len(text), [text])
    writer.close()
    return file.getvalue()


def compressed(plain: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(plain)


def refused(data: bytes, folder: Path) -> EnvmgrError:
    with pytest.raises((IntegrityError, DiskFullError)) as caught, importing(data, folder):
        pass
    return caught.value


def contents(parts: Parts) -> Contents:
    return Contents.parse(parts["export.json"])


def of(parts: Parts, name: str, kind: str) -> str:
    """The name of a part of the object that has this in its name."""
    return next(part for part in parts if f"-{name}-" in part and part.endswith(f".{kind}"))


def test_a_whole_file_is_taken(data: bytes, parts: Parts, tmp_path: Path) -> None:
    assert written(parts) == data
    with importing(data, tmp_path) as layout:
        assert {StorePath(path.name) for path in layout.objects.iterdir()} == set(contents(parts).objects)


def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(data: bytes, tmp_path: Path) -> None:
    for number, length in enumerate([*range(0, len(data), 97), *range(len(data) - 9, len(data))]):
        (tmp_path / str(number)).mkdir()
        refused(data[:length], tmp_path / str(number))


@pytest.mark.parametrize(
    "behind", [b"\0", b"rubbish", compressed(b"more"), zstandard.ZstdCompressor().compress(b""), b"PK\5\6" + bytes(18)]
)
def test_whatever_stands_behind_the_end_is_refused(data: bytes, tmp_path: Path, behind: bytes) -> None:
    assert "behind its end" in refused(data + behind, tmp_path).message


def test_whatever_stands_behind_the_end_of_the_tar_is_refused(plain: bytes, tmp_path: Path) -> None:
    refused(compressed(plain + bytes(512)), tmp_path)


FLIPS = st.tuples(st.integers(min_value=0), st.integers(1, 255))
"""Where a byte is changed, and which bits of it."""


def takes_only_what_is_whole(data: bytes, folder: Path) -> None:
    """A file is refused, or what is taken from it is what the store paths say."""
    try:
        with importing(data, folder) as layout:
            for path in layout.objects.iterdir():
                assert StorePath(path.name).kind(manifest_of(path).digest) == "built"
    except IntegrityError:
        return


def flipped(data: bytes, flip: tuple[int, int]) -> bytes:
    place, bits = flip
    changed = bytearray(data)
    changed[place % len(data)] ^= bits
    return bytes(changed)


@given(flip=FLIPS)
@settings(max_examples=60, deadline=None)
def test_flipped_bits_of_the_file_get_nowhere(
    data: bytes, tmp_path_factory: pytest.TempPathFactory, flip: tuple[int, int]
) -> None:
    """There are bits in a frame of zstd that mean nothing: where one of them is flipped, nothing is."""
    takes_only_what_is_whole(flipped(data, flip), tmp_path_factory.mktemp("flipped"))


@given(flip=FLIPS)
@settings(max_examples=60, deadline=None)
def test_flipped_bits_of_the_tar_get_nowhere(
    plain: bytes, tmp_path_factory: pytest.TempPathFactory, flip: tuple[int, int]
) -> None:
    takes_only_what_is_whole(compressed(flipped(plain, flip)), tmp_path_factory.mktemp("flipped"))


def swapped(parts: Parts, kind: str) -> Parts:
    """The two objects with one kind of their parts exchanged."""
    first, second = of(parts, LONG, kind), of(parts, "tool", kind)
    return parts | {first: parts[second], second: parts[first]}


def reordered(parts: Parts) -> Parts:
    told = contents(parts)
    head = {"export.json": told.model_copy(update={"objects": told.objects[::-1]}).text}
    return head | {name: text for path in told.objects[::-1] for name, text in parts.items() if str(path) in name}


def twice(parts: Parts) -> Parts:
    told = contents(parts)
    return parts | {"export.json": told.model_copy(update={"objects": (*told.objects, told.objects[0])}).text}


def without(parts: Parts, name: str) -> Parts:
    told = contents(parts)
    left = tuple(path for path in told.objects if f"-{name}-" not in str(path))
    head = {"export.json": told.model_copy(update={"objects": left}).text}
    return head | {part: text for part, text in parts.items() if any(str(path) in part for path in left)}


def described(parts: Parts, name: str, **update: object) -> Parts:
    """An object with other things said of it."""
    part = of(parts, name, "json")
    record = ExportedObject.parse(parts[part])
    return parts | {part: record.model_copy(update=update).text}


def given_by_another(parts: Parts) -> Parts:
    """An object that is said to have come of a derivation that gave another one."""
    other = ExportedObject.parse(parts[of(parts, LONG, "json")])
    return described(parts, "tool", realisations=other.realisations, derivations=other.derivations)


def with_a_text_of_another(parts: Parts) -> Parts:
    """An object whose realisation has another derivation's text."""
    other = ExportedObject.parse(parts[of(parts, LONG, "json")])
    return described(parts, "tool", derivations=other.derivations)


def renamed(parts: Parts) -> Parts:
    """Everything of an object under the name of another one, which it isn't."""
    path = next(path for path in contents(parts).objects if "-tool-" in str(path))
    false = str(path).replace("-tool-", "-shell-")
    return {
        name.replace(str(path), false): text.replace(str(path).encode(), false.encode()) for name, text in parts.items()
    }


def climbing(parts: Parts) -> Parts:
    """A manifest with a path that leaves the tree."""
    part = of(parts, "tool", "manifest")
    return parts | {part: parts[part].replace(b'"bin/tool"', b'"../tool"')}


def resized(parts: Parts, by: int) -> bytes:
    told = contents(parts)
    return told.model_copy(update={"size": told.size + by}).text


def larger(parts: Parts) -> Parts:
    """A content that is larger than the manifest says: zeros, which cost next to nothing."""
    return parts | {of(parts, "tool", "content"): bytes(2**24)}


MALICE: Mapping[str, Callable[[Parts], Parts]] = {
    "contents are exchanged": lambda parts: swapped(parts, "content"),
    "manifests are exchanged": lambda parts: swapped(parts, "manifest"),
    "descriptions are exchanged": lambda parts: swapped(parts, "json"),
    "a referrer comes first": reordered,
    "an object comes twice": twice,
    "what was asked for is missing": lambda parts: without(parts, "tool"),
    "a reference is missing": lambda parts: without(parts, LONG),
    "a part is missing": lambda parts: {name: text for name, text in parts.items() if "manifest" not in name},
    "a part is too many": lambda parts: parts | {"objects/more": b"more"},
    "it begins with something else": lambda parts: {"first": b""} | parts,
    "a derivation gave something else": given_by_another,
    "a text is another derivation's": with_a_text_of_another,
    "an object has another name": renamed,
    "a path climbs": climbing,
    "a content is larger": larger,
    "a content is shorter": lambda parts: parts | {of(parts, "tool", "content"): b"#!/bin/sh"},
    "a record is no JSON": lambda parts: parts | {of(parts, "tool", "json"): b"{"},
    "a record is not canonical": lambda parts: parts | {"export.json": parts["export.json"] + b" "},
    "a name climbs": lambda parts: parts | {"export.json": parts["export.json"].replace(b'"tool"', b'"../tool"')},
    "a name is hidden": lambda parts: parts | {"export.json": parts["export.json"].replace(b'"tool"', b'".tool"')},
    "a value is for a terminal": lambda parts: (
        parts | {"export.json": parts["export.json"].replace(b"{}", b'{"a":"\\u001b[2J"}', 1)}
    ),
    "nothing was asked for": lambda parts: (
        parts | {"export.json": contents(parts).model_copy(update={"roots": ()}).text}
    ),
    "there is more than it says": lambda parts: parts | {"export.json": resized(parts, -1)},
    "there is less than it says": lambda parts: parts | {"export.json": resized(parts, 1)},
    "a schema is unknown": lambda parts: (
        parts | {"export.json": parts["export.json"].replace(b"export/1", b"export/2")}
    ),
}


@pytest.mark.parametrize("malice", MALICE)
def test_what_is_not_as_it_should_be_is_refused(parts: Parts, tmp_path: Path, malice: str) -> None:
    refused(written(MALICE[malice](parts)), tmp_path)


def entry(size: int, **fields: object) -> bytes:
    """The first header as tar could write it, but we would not."""
    info = tarfile.TarInfo("export.json")
    info.size, info.mode, info.mtime = size, 0o644, 1
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.PAX_FORMAT)


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": 0o755},
        {"mtime": 2},
        {"uid": 1},
        {"uname": "root"},
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "export.json"},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.GNUTYPE_SPARSE},
        {"pax_headers": {"comment": "hidden"}},
        {"name": "/export.json"},
        {"name": "./export.json"},
    ],
    ids=str,
)
def test_no_header_is_read_but_the_one_that_would_be_written(
    plain: bytes, tmp_path: Path, fields: dict[str, object]
) -> None:
    size = int(plain[124:135], 8)
    refused(compressed(entry(size, **fields) + plain[512:]), tmp_path)


@pytest.mark.parametrize("size", [2**30, 2**40, 2**70])
def test_a_size_beyond_all_bounds_is_refused_before_anything_of_it_is_read(tmp_path: Path, size: int) -> None:
    refused(compressed(entry(size) + bytes(2**20)), tmp_path)


@pytest.mark.parametrize("size", [2**20, 2**50])
def test_a_manifest_of_great_size_needs_room_and_that_many_bytes(parts: Parts, tmp_path: Path, size: int) -> None:
    """What would fill a disk is refused at once, and what is said but not there where the bytes end."""
    manifest = Manifest((FileEntry("file", size, executable=False, sha256="0" * 64),))
    path = StorePath.of(kind="built", manifest=manifest.digest, name="big", version="1")
    told = contents(parts)
    root = told.roots[0].model_copy(update={"paths": (path,)})
    record = ExportedObject.parse(parts[of(parts, LONG, "json")])
    big = record.described.model_copy(update={"store_path": path, "manifest": manifest.digest, "size": size})
    head = {
        "export.json": Contents(roots=(root,), checkout=False, size=size, objects=(path,)).text,
        f"objects/{path}.json": ExportedObject(described=big, realisations=(), derivations=()).text,
        f"objects/{path}.manifest": manifest.text,
    }
    opened = zstandard.ZstdDecompressor().stream_reader(written(head)).read()[:-1024]
    error = refused(compressed(opened + entry(size, name=f"objects/{path}.content")), tmp_path)
    assert isinstance(error, DiskFullError) == (size == 2**50)


def test_a_stream_that_asks_for_much_memory_is_refused(plain: bytes, tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    refused(stream.compress(plain) + stream.flush(), tmp_path)


@pytest.mark.parametrize("name", [".envrc", ".git/hooks/post-checkout", "store/db.sqlite"])
def test_a_checkout_brings_nothing_that_is_not_its_own(parts: Parts, tmp_path: Path, name: str) -> None:
    (tmp_path / "bad").mkdir()
    place = tmp_path / "bad" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("text")
    checkout, told = manifest_of(tmp_path / "bad"), contents(parts)
    told = told.model_copy(update={"checkout": True, "size": told.size + checkout.size})
    head = {"export.json": told.text, "checkout.manifest": checkout.text, "checkout.content": b"text"}
    assert name.partition("/")[0] in refused(written(head | {**parts, **head}), tmp_path).message


def test_an_object_without_realisations_is_taken(parts: Parts, tmp_path: Path) -> None:
    with importing(written(described(parts, "tool", realisations=(), derivations=())), tmp_path) as layout:
        assert len(list(layout.objects.iterdir())) == 2


def test_an_answer_of_this_store_is_not_changed(data: bytes, tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        mine = publish(store, "tool", {"other": "mine"})
        (tmp_path / "file").write_bytes(data)
        bring_in(store, tmp_path / "file", None)
        known: list[Realisation] = store.realisations_of(derivation_of("tool").digest)
        assert [made.store_path for made in known] == [mine]
