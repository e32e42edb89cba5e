"""What becomes of a run that MLflow does not take."""

import pytest

from envmgr.results.export.tracked import tracked
from envmgr.results.fields import fields
from envmgr.results.publishing.faults import UnpublishedError
from envmgr.results.publishing.mlflow_run import publish
from tests.loopback import Origin, Reply
from tests.records import record


@pytest.mark.parametrize("status", [401, 500, None])
def test_a_server_that_refuses_fails_or_is_not_there_is_named_without_credentials(
    monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with Origin() as origin:
        path = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=ours"
        if status:
            origin.serve(path, Reply(b"no", status=status))
        port = origin.port if status else 9
        with pytest.raises(UnpublishedError) as caught:
            publish(f"http://me:hush@127.0.0.1:{port}", "ours", tracked(fields(record("20260101-000000-aaaaaa"))))
    said = caught.value.message + caught.value.where
    assert "hush" not in said
    assert (str(status) if status else "refused") in caught.value.why
    assert caught.value.run == "20260101-000000-aaaaaa"
