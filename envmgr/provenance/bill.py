"""A bill of materials in CycloneDX: the objects of a closure, and all that they were made from.

This is the only gateway to `cyclonedx`. Equal closures give equal bills: there is no time in one, and its serial number
is made from what it says.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, UUID, uuid5

from envmgr import __version__
from envmgr.manifest import FileEntry
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath
from envmgr.provenance.ancestry import Ancestry, Made, Origin
from envmgr.provenance.licences import Licence
from envmgr.provenance.subject import Subject
from envmgr.store.store import Store

if TYPE_CHECKING:
    from cyclonedx.model import HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.license import License
    from packageurl import PackageURL

_WHOLE = "subject"
"""The reference of what the bill is of."""


def bill(store: Store, subject: Subject, objects: Ancestry, licences: Mapping[StorePath, Licence]) -> str:
    """The bill of a subject, as CycloneDX 1.6 in JSON.

    Args:
        store: where the objects are.
        subject: what it is of.
        objects: what there is to list, the subject's closure among it.
        licences: of each of these.

    Raises:
        DamagedObjectError: the manifest of a source cannot be read.
    """
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType

    closure = store.closure(subject.starts)
    listed = {path: _component(store, made, licences[path], required=path in closure) for path, made in objects.items()}
    whole = _whole(subject)
    bom = Bom(components=listed.values(), metadata=BomMetaData(component=whole), serial_number=UUID(int=0))
    tool = Component(name="envmgr", version=__version__, type=ComponentType.APPLICATION)
    bom.metadata.tools.components.add(tool)
    bom.register_dependency(whole, [listed[path] for path in subject.starts])
    for path, made in objects.items():
        below = {*made.described.references, *made.inputs.values()}
        bom.register_dependency(listed[path], [listed[item] for item in sorted(below)])
    return _text(bom)


def _text(bom: "Bom") -> str:
    """A bill without its time, and with a serial number that is made from the rest."""
    from cyclonedx.output.json import JsonV1Dot6

    document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"], document["serialNumber"]
    said = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid5(NAMESPACE_OID, Digest.of(said.encode()).hex).urn
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _whole(subject: Subject) -> "Component":
    """What the bill is of."""
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    about = [Property(name=name, value=value) for name, value in _about(subject)]
    kind = ComponentType.APPLICATION
    return Component(name=subject.name, version=subject.version, type=kind, bom_ref=_WHOLE, properties=about)


def _about(subject: Subject) -> Iterator[tuple[str, str]]:
    if run := subject.run:
        yield "envmgr:run", run.id
        yield "envmgr:derivation", str(run.derivation)
        if run.lockfile:
            yield "envmgr:lockfile", str(run.lockfile)


def _component(store: Store, made: Made, licence: Licence, *, required: bool) -> "Component":
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentScope

    return Component(
        name=made.store_path.name,
        version=made.store_path.version,
        bom_ref=str(made.store_path),
        scope=ComponentScope.REQUIRED if required else None,
        purl=_purl(made),
        hashes=list(_hashes(store, made)),
        licenses=_licenses(licence.said),
        properties=[Property(name=f"envmgr:{name}", value=value) for name, value in _facts(made, licence)],
    )


def _facts(made: Made, licence: Licence) -> Iterator[tuple[str, str]]:
    """What CycloneDX has no field for."""
    yield "manifest", str(made.described.manifest)
    yield "licence", licence.text
    yield "licence-by", licence.by
    yield from (("licence-file", file) for file in licence.files)
    if made.origin:
        yield "derivation", str(made.origin.realisation.derivation)
        yield "isolation", made.origin.realisation.isolation
    yield from (("input-not-here", role) for role in made.lost)


def _purl(made: Made) -> "PackageURL":
    from packageurl import PackageURL

    name, version = made.store_path.name, made.store_path.version
    file = made.origin.text.fields["output"].get("file", "") if made.origin else ""
    if made.is_source and _is_of_python(name, version, file):
        return PackageURL("pypi", name=name, version=version, qualifiers={"file_name": file})
    return PackageURL("generic", name=name, version=version, qualifiers=_checksum(made.origin))


def _checksum(origin: Origin | None) -> dict[str, str]:
    known = origin.text.fields["output"].get("known", {}) if origin else {}
    pins = [f"{kind}:{known[kind]}" for kind in ("sha256", "md5") if kind in known]
    return {"checksum": ",".join(pins)} if pins else {}


def _is_of_python(name: str, version: str, file: str) -> bool:
    """Whether a file is a distribution of the Python project that the source is named after."""
    from packaging.utils import (
        InvalidSdistFilename,
        InvalidWheelFilename,
        canonicalize_version,
        parse_sdist_filename,
        parse_wheel_filename,
    )

    try:
        project, release = parse_wheel_filename(file)[:2] if file.endswith(".whl") else parse_sdist_filename(file)
    except (InvalidSdistFilename, InvalidWheelFilename):
        return False
    return (project, canonicalize_version(str(release))) == (name, canonicalize_version(version))


def _hashes(store: Store, made: Made) -> "Iterator[HashType]":
    """Of a source that is one file: what others publish of it, too."""
    from cyclonedx.model import HashAlgorithm, HashType

    output = made.origin.text.fields["output"] if made.origin else {}
    if output.get("form") != "file":
        return
    files = [entry for entry in store.manifest(made.store_path).entries if isinstance(entry, FileEntry)]
    yield from (HashType(alg=HashAlgorithm.SHA_256, content=file.sha256) for file in files)
    if "md5" in output["known"]:
        yield HashType(alg=HashAlgorithm.MD5, content=output["known"]["md5"])


def _licenses(said: Collection[str]) -> "list[License]":
    """As CycloneDX has them: one expression stands alone, and among several each is an id or a name."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.license import LicenseAcknowledgement, LicenseExpression

    factory, declared = LicenseFactory(), LicenseAcknowledgement.DECLARED
    found = [factory.make_from_string(text, license_acknowledgement=declared) for text in said]
    if len(found) == 1:
        return found
    return [
        factory.make_with_name(item.value, acknowledgement=declared) if isinstance(item, LicenseExpression) else item
        for item in found
    ]
