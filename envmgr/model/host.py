"""Facts about a machine, as a value: what variants are chosen by and what a run records.

Facts are asked for in one place (planning/probe.py). They may choose a variant or name a host tool; they never
reach a derivation in any other way.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CpuFacts(_Facts):
    """The processor."""

    model: str
    cores: int
    """Cores that this process may use."""
    features: tuple[str, ...] = ()
    """Of the instruction sets that move benchmark numbers, those that it has, sorted."""


class PythonFacts(_Facts):
    """The interpreter that Python environments are made for."""

    abi: str
    """Such as `cp311`."""
    version: str


class CudaFacts(_Facts):
    """The NVIDIA driver's part in the kernel; empty text and no devices where there is none."""

    driver: str = ""
    """Its version, such as `580.65.06`."""
    devices: int = 0
    models: tuple[str, ...] = ()
    """The names of the GPUs, in the order of their PCI addresses."""


class HostFacts(_Facts):
    """One machine, as far as it can move a number or choose a variant."""

    system: str
    """Such as `x86_64-linux`."""
    distribution: str
    kernel: str
    libc: str
    cpu: CpuFacts
    memory_bytes: int
    python: PythonFacts
    cuda: CudaFacts = CudaFacts()

    @classmethod
    def of_system(cls, system: str, abi: str) -> Self:
        """A machine of which no more is known than its system and its interpreter: no GPU, nothing of its processor."""
        cpu, python = CpuFacts(model="", cores=1), PythonFacts(abi=abi, version="")
        return cls(system=system, distribution="", kernel="", libc="", cpu=cpu, memory_bytes=0, python=python)

    def fact(self, name: str) -> str | int | tuple[str, ...]:
        """The fact of a dotted name, such as `python.abi`.

        Raises:
            KeyError: there is no such fact.
        """
        value: object = self
        for part in name.split("."):
            if not isinstance(value, _Facts) or part not in type(value).model_fields:
                raise KeyError(name)
            value = getattr(value, part)
        if isinstance(value, str | int | tuple):
            return value
        raise KeyError(name)

    @classmethod
    def names(cls) -> list[str]:
        """The dotted names of all facts, sorted."""
        return sorted(_names(cls, ""))


def _names(model: type[BaseModel], prefix: str) -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _names(inner, f"{prefix}{name}.")
        else:
            found.append(prefix + name)
    return found


Condition = Mapping[str, str | int | tuple[str | int, ...]]
"""Named facts (or axes) and what they must be: a value, one of several values, or `>=` a version."""
