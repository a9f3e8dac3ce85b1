"""Links lead to MLflow's interface, wherever it is."""

import pytest

from longhaul.tracking.ui_links import LOCAL, UiLinks


@pytest.mark.parametrize(
    ("interface", "run", "version"),
    [
        (
            UiLinks("http://h:1"),
            "http://h:1/#/experiments/0/runs/a",
            "http://h:1/#/models/m/versions/2",
        ),
        (
            UiLinks("https://h", "default"),
            "https://h/#/experiments/0/runs/a?workspace=default",
            "https://h/#/models/m/versions/2?workspace=default",
        ),
        (UiLinks(""), "#/experiments/0/runs/a", "#/models/m/versions/2"),
    ],
)
def test_addresses(interface: UiLinks, run: str, version: str) -> None:
    """Of a server, of one that has workspaces, and within the interface itself."""
    assert interface.run("0", "a") == run
    assert interface.version("m", "2") == version
    assert interface.run("0", "a", "/artifacts").partition("?")[0] == (
        run.partition("?")[0] + "/artifacts"
    )


def test_without_a_server_it_is_the_one_that_is_started_by_hand(tracking: str) -> None:
    """On its usual port."""
    assert UiLinks.for_experiment("0") == UiLinks(LOCAL)
