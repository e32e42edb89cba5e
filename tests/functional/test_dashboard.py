"""`envmgr dashboard`: all runs of a store as a folder of pages, and as such served to this machine."""

import http.client
import re
import signal
from urllib.parse import urlsplit

from tests.functional.conftest import PATIENCE, Checkout, until
from tests.records import keep, record


def test_a_dashboard_is_a_folder_with_a_page_and_reports_of_the_newest_runs(checkout: Checkout) -> None:
    runs = checkout.store / "runs"
    for day in (1, 2, 3):
        keep(runs, record(f"2026010{day}-000000-aaaaaa"))
    keep(runs, record("20260104-000000-aaaaaa")).joinpath("record.json").write_text("{")
    answered = checkout("dashboard", "-o", "board", "--reports", "2", "--json")
    assert answered.data == {
        "folder": "board", "runs": 3, "reports": ["20260103-000000-aaaaaa", "20260102-000000-aaaaaa"],
        "damaged": ["20260104-000000-aaaaaa"], "address": "",
    }  # fmt: skip
    assert len(answered.json()["warnings"]) == 1
    board = checkout.top / "board"
    assert sorted(str(file.relative_to(board)) for file in board.rglob("*.html")) == [
        "index.html", "runs/20260102-000000-aaaaaa.html", "runs/20260103-000000-aaaaaa.html",
    ]  # fmt: skip
    index = (board / "index.html").read_text()
    assert set(re.findall(r'href="(runs/[^"]*)"', index)) == {f"runs/{run}.html" for run in answered.data["reports"]}


def test_a_dashboard_is_served_to_this_machine_with_its_policy_and_ends_on_ctrl_c(checkout: Checkout) -> None:
    keep(checkout.store / "runs", record("20260101-000000-aaaaaa"))
    with checkout.start("dashboard", "-o", "board", "--serve", "127.0.0.1:0") as process:
        address = urlsplit(until(process, "serving")[-1].split(" at ")[1].split(";")[0])
        (checkout.top / "board/secret.txt").write_text("secret")
        seen = {}
        for path, host in (
            ("/", address.netloc), ("/runs/20260101-000000-aaaaaa.html", address.netloc),
            ("/secret.txt", address.netloc), ("/../store/runs/20260101-000000-aaaaaa/record.json", address.netloc),
            ("/", f"evil.test:{address.port}"), ("/", "localhost"), ("/", "localhost.evil.test"),
        ):  # fmt: skip
            connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=PATIENCE)
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            seen[path, host] = answer.status
            body, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
            if answer.status == 200:
                stated = re.search(r'Content-Security-Policy" content="([^"]*)"', body)
                assert stated is not None
                assert policy == stated[1].replace("&#39;", "'") + "; frame-ancestors 'none'"
            connection.close()
        assert list(seen.values()) == [200, 200, 404, 404, 421, 200, 421]
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout) == (0, "board/index.html\n")


def test_a_run_with_a_broken_file_has_no_report_and_the_others_have(checkout: Checkout) -> None:
    runs = checkout.store / "runs"
    keep(runs, record("20260101-000000-aaaaaa"))
    broken = keep(runs, record("20260102-000000-bbbbbb")) / "classes.json"
    broken.write_text("[")
    shown = checkout("dashboard", "-o", "board", "--json")
    assert (shown.data["reports"], shown.data["runs"]) == (["20260101-000000-aaaaaa"], 2)
    assert str(broken) in shown.json()["warnings"][0]


def test_only_this_machine_is_served(checkout: Checkout) -> None:
    assert checkout.fails(2, "dashboard", "-o", "board", "--serve", "0.0.0.0:0")["class"] == "NotLoopbackError"
    for wrong in ("127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"):
        assert "HOST:PORT" in checkout.fails(2, "dashboard", "-o", "board", "--serve", wrong)["message"]
    assert not (checkout.top / "board").exists()
