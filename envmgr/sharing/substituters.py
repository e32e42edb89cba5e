"""The caches of one command: asked in their order, for many things at a time, and believed as far as can be proved.

A cache can refuse or slow, and that is all. One that does not answer is said once and left alone; a file of it that is
not what it should be is said by name, and the next cache is asked. What is found is proved in one of three ways:

- *Signed.* A key that the user trusts has signed that this derivation came to this object.
- *Pinned.* The lockfile says which object the derivation must come to; the store path vouches for its bytes.
- *Fixed.* The derivation is a source that is known by its hash: that, too, says which object it must come to.

An answer that is only pinned is kept as nobody's word: it counts where a lockfile says the same, and nowhere else. What
the record says of a resolved digest, and of how the build was held, is not believed at all.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self, TypeVar

from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError, IntegrityError
from envmgr.model.realisation import Isolation, Realisation
from envmgr.model.store_path import StorePath
from envmgr.sharing import layout
from envmgr.sharing.absent import Absent
from envmgr.sharing.cache import Cache, NotACacheError
from envmgr.sharing.question import Question
from envmgr.sharing.record import Record
from envmgr.sharing.transport import BadAddressError, MissingExtraError, UnusableError
from envmgr.sharing.trust import Trust

AT_ONCE = 8
"""Questions that are asked at a time."""

Asked = TypeVar("Asked")


class UntrustedError(IntegrityError):
    """A cache has an answer, and nobody whom the user trusts vouches for it."""

    def __init__(self, cache: str, path: StorePath, doubt: str) -> None:
        super().__init__(
            f"cache {cache}: {path} is not taken: {doubt}",
            fix="name a lockfile that pins it, or trust the key of who signs there: envmgr cache trust",
        )
        self.cache = cache
        self.path = path
        self.doubt = doubt


@dataclass(frozen=True)
class Found:
    """An object that a cache has."""

    cache: Cache
    record: Record
    signed: tuple[Realisation, ...]
    """The realisations of it that a trusted key has signed, as the store will keep them."""
    doubt: str = ""
    """Why none of them is, where that is so."""
    answer: Realisation | None = None
    """The one that was asked for, if one was."""
    text: bytes = b""
    """The text of that one's derivation, where the record does not have it."""
    nameable: frozenset[StorePath] | None = None
    """Every object that this one can refer to, where the plan and the lockfile tell."""

    @property
    def realisations(self) -> tuple[Realisation, ...]:
        """All that the store shall keep of it."""
        return (*self.signed, *([self.answer] if self.answer and self.answer not in self.signed else []))

    @property
    def texts(self) -> dict[Digest, bytes]:
        """The derivation texts of these."""
        own = {self.answer.derivation: self.text} if self.answer and self.text else {}
        return {made.digest: made.text for made in self.record.realisations} | own

    @property
    def kind(self) -> str | None:
        """`fixed` or `built`: the store path says so."""
        return self.record.store_path.kind(self.record.manifest)


@dataclass
class _Member:
    """A cache, and how it went with it in this command."""

    cache: Cache
    absent: Absent | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    introduced: bool = False
    left: bool = False


class Substituters:
    """Caches in the order in which they are asked."""

    def __init__(
        self,
        caches: Sequence[Cache],
        trust: Trust,
        *,
        say: Callable[[str], None],
        memory: Path | None = None,
        sandboxed: bool = False,
    ) -> None:
        """Take the caches.

        Args:
            caches: those to be asked, in this order.
            trust: whose signatures count.
            say: told what people should know, each thing once.
            memory: the folder where absences are remembered; None: nowhere.
            sandboxed: whether only what was built in a sandbox will do.
        """
        self._members = [
            _Member(cache, Absent(memory, cache.settings.url) if memory and cache.is_remote else None)
            for cache in caches
        ]
        self._trust = trust
        self._sandboxed = sandboxed
        self._say = say
        self.faults: list[EnvmgrError] = []
        """What went wrong so far, all of it said."""
        self._said: set[str] = set()
        self._telling = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            if member.absent:
                member.absent.save()

    def answers(self, questions: Collection[Question]) -> dict[Digest, Found]:
        """The first proved answer to each of these, by the digest that was asked for; no more than there are."""
        found = self._at_once(self._answer, [*questions])
        return {question.digest: item for question, item in zip(questions, found, strict=True) if item}

    def objects(self, paths: Collection[StorePath]) -> dict[StorePath, Found]:
        """Where each of these objects is found first; no more than there are."""
        found = self._at_once(lambda path: next(self.holders(path), None), [*paths])
        return {path: item for path, item in zip(paths, found, strict=True) if item}

    def holders(self, path: StorePath) -> Iterator[Found]:
        """Each cache that has an object, in their order, asked when it is its turn."""
        for member in self._members:
            with self._trying(member):
                found = self._object(member, path)
                if found and (
                    found.kind == "fixed" or not self._sandboxed or any(map(self._is_isolated, found.signed))
                ):
                    yield found

    @contextmanager
    def trying(self, cache: Cache) -> Iterator[None]:
        """Use a cache; where it fails, that is said, and the block ends."""
        with self._trying(next(member for member in self._members if member.cache is cache)):
            yield

    def _at_once(self, ask: Callable[[Asked], Found | None], asked: list[Asked]) -> list[Found | None]:
        if all(member.left for member in self._members):
            return [None] * len(asked)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask") as pool:
            return [*pool.map(ask, asked)]

    def _answer(self, question: Question) -> Found | None:
        for member in self._members:
            with self._trying(member):
                found = self._proved(member, question)
                if found is not None:
                    return found
        return None

    def _proved(self, member: _Member, question: Question) -> Found | None:
        """What a cache answers, if there is a proof of it."""
        found = self._asked(member, question)
        if found is None:
            return None
        for made in found.signed:
            if question.digest in (made.resolved, made.derivation) and self._is_isolated(made):
                return replace(found, answer=made)
        record, text = found.record, question.node.derivation.text
        if question.fixed(record.size) == (record.store_path, record.manifest):
            return replace(found, answer=_unsigned(found, question, "sandboxed", "known by its hash"), text=text)
        if question.pinned and not self._sandboxed:
            answer = _unsigned(found, question, "unknown", "pinned by the lockfile")
            return replace(found, answer=answer, text=text, nameable=question.nameable())
        raise UntrustedError(found.cache.name, found.record.store_path, self._doubt(found, question))

    def _asked(self, member: _Member, question: Question) -> Found | None:
        if question.pinned:
            return self._object(member, question.pinned)
        name = layout.realisation_record(question.digest)
        return self._found(member, name, lambda cache: cache.answer(question.digest))

    def _object(self, member: _Member, path: StorePath) -> Found | None:
        return self._found(member, layout.object_record(path), lambda cache: cache.object(path))

    def _found(self, member: _Member, name: str, read: Callable[[Cache], Record | None]) -> Found | None:
        """What a cache says, with the part of it that is signed."""
        if member.left or (member.absent and name in member.absent):
            return None
        with member.lock:
            if not member.introduced:
                member.cache.introduce()
                member.introduced = True
        record = read(member.cache)
        if record is None:
            if member.absent:
                member.absent.note(name)
            return None
        signers = [(made, self._trust.signer(record, made)) for made in record.realisations]
        origin = f"cache {member.cache.name}, signed by "
        signed = tuple(record.realisation(made, origin=origin + signer) for made, signer in signers if signer)
        doubts = {str(self._trust.doubt(made.signatures)) for made in record.realisations} or {"nobody has signed it"}
        return Found(member.cache, record, signed, doubt="" if signed else "; ".join(sorted(doubts)))

    def _doubt(self, found: Found, question: Question) -> str:
        """Why there is no proof."""
        if any(question.digest in (made.resolved, made.derivation) for made in found.signed):
            return "it was not built in a sandbox"
        if question.pinned:
            return f"that it was built in a sandbox is not sure: {found.doubt or 'nobody has signed that'}"
        return "; ".join(
            sorted({str(self._trust.doubt(made.signatures)) for made in found.record.about(question.digest)})
        )

    def _is_isolated(self, made: Realisation) -> bool:
        return made.isolation == "sandboxed" or not self._sandboxed

    @contextmanager
    def _trying(self, member: _Member) -> Iterator[None]:
        try:
            yield
        except (UnusableError, NotACacheError, BadAddressError, MissingExtraError) as error:
            member.left = True
            self.faults.append(error)
            self._tell(
                f"cache {member.cache.name} is left alone: {error.why} ({error.where or member.cache.settings.url})"
            )
        except UntrustedError as error:
            self.faults.append(error)
            self._tell(error.message, once=f"{error.cache}: {error.doubt}")
        except IntegrityError as error:
            self.faults.append(error)
            self._tell(error.message)

    def _tell(self, what: str, *, once: str = "") -> None:
        """Say something, if nothing with the same reason was said."""
        with self._telling:
            new = (once or what) not in self._said
            self._said.add(once or what)
        if new:
            self._say(what)


def _unsigned(found: Found, question: Question, isolation: Isolation, proof: str) -> Realisation:
    """The answer to a derivation that only its object vouches for."""
    return Realisation(
        resolved=question.node.derivation.digest,
        derivation=question.node.derivation.digest,
        store_path=found.record.store_path,
        manifest=found.record.manifest,
        isolation=isolation,
        origin=f"cache {found.cache.name}, {proof}",
    )
