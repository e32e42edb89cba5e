"""How LoadGen reads its two configuration files, which changed with its releases.

mlperf.conf has the round's rules and seeds, user.conf what a submitter may choose. Up to 4.0 both are files; from 4.1
on mlperf.conf is compiled into LoadGen.
"""

from pathlib import Path

import mlperf_loadgen as loadgen

from loadgen_harness.settings import Settings, UsageError

BUILT_IN_ALONE, BUILT_IN_THEN_FILE = 0, 1
"""The last argument of TestSettings.FromConfig, from 5.0 on."""


def read_conf(settings: Settings, test: loadgen.TestSettings) -> None:
    """Read mlperf.conf, then user.conf where one is named, into `test`.

    Raises UsageError when LoadGen cannot read them or the audit.config, or needs a mlperf.conf that is not named.
    """
    if settings.audit_conf and not Path(settings.audit_conf).is_file():  # LoadGen would take no notice
        raise UsageError(f"--audit-conf {settings.audit_conf}: cannot be read")
    told, user = loadgen.TestSettings.FromConfig.__doc__ or "", settings.user_conf
    if "conf_type" in told:
        _read(settings, test, "--user-conf", user, BUILT_IN_THEN_FILE if user else BUILT_IN_ALONE)
    elif not settings.mlperf_conf:
        raise UsageError("--mlperf-conf is missing: this release of LoadGen has no mlperf.conf compiled in")
    else:
        _read(settings, test, "--mlperf-conf", settings.mlperf_conf)
        if user:
            _read(settings, test, "--user-conf", user)


def _read(settings: Settings, test: loadgen.TestSettings, option: str, path: str, *kind: int) -> None:
    error = test.FromConfig(path, settings.model_name, settings.scenario, *kind)
    if error:
        raise UsageError(
            f"{option} {path}: LoadGen cannot read it (error {error}); it takes lines `model.scenario.key = number`"
        )


def user_conf_names(settings: Settings, key: str) -> bool:
    """Whether a line of user.conf sets `key` for the settings' model and scenario, or for all."""
    if not settings.user_conf:
        return False
    names = {f"{model}.{name}.{key}" for model in (settings.model_name, "*") for name in (settings.scenario, "*")}
    lines = Path(settings.user_conf).read_text(encoding="utf-8").splitlines()
    return any(line.split()[:1] == [name] for line in lines for name in names)
