"""The report shows what the store holds, and nothing else."""

import re
from pathlib import Path

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.report import page, run_tree, template
from longhaul.report.run_tree import RunTree
from longhaul.tracking import ui_links
from longhaul.tracking.tags import HEADLINE, REUSED


def stage(parent: str | None, entry_point: str, headline: str, **metrics: float) -> str:
    """A finished run as a stage leaves it; its id."""
    tags = {"mlflow.project.entryPoint": entry_point, HEADLINE: headline}
    if parent:
        tags["mlflow.parentRunId"] = parent
    with mlflow.start_run(run_name=entry_point, tags=tags) as run:
        mlflow.log_metrics(metrics)
        if entry_point in {"train", "cycle"}:
            mlflow.log_params({"family": "forest", "period": "2013-07"})
    return str(run.info.run_id)


@pytest.fixture
def parent(tracking: str) -> str:
    """A life cycle with one stage of its own, and one that it reused."""
    earlier = stage(None, "ingest", "12 rows")
    with mlflow.start_run(tags={REUSED + "ingest": earlier}) as run:
        pass
    stage(run.info.run_id, "train", "forest: <b>AUC</b> 0.7", valid_auc=0.71234)
    stage(run.info.run_id, "cycle", "2013-07", rows=12000, auc=0.6543, log_loss=0.5)
    return str(run.info.run_id)


INTERFACE = ui_links.LOCAL


def read(parent: str) -> RunTree:
    return run_tree.read_run_tree(parent)


def render(parent: str) -> str:
    return page.html(page.build_report(read(parent)))


def test_a_figure_is_the_stores(parent: str) -> None:
    """A metric that changes in the store changes on the page."""
    assert "0.7123" in render(parent)
    (train,) = read(parent).steps_of("train")
    mlflow.MlflowClient().log_metric(train.run.info.run_id, "valid_auc", 0.81234)
    text = render(parent)
    assert "0.8123" in text
    assert "0.7123" not in text


@pytest.mark.parametrize("metric", ["auc", "log_loss", "rows"])
def test_a_period_is_the_stores(parent: str, metric: str) -> None:
    """In HTML and in Markdown."""
    (cycle,) = read(parent).steps_of("cycle")
    mlflow.MlflowClient().log_metric(cycle.run.info.run_id, metric, 0.12345)
    told = page.build_report(read(parent))
    assert "0.1235" in page.html(told) or "0.1234" in page.html(told)
    text, pictures = page.markdown(told, "pictures")
    assert "0.1235" in text or "0.1234" in text
    assert all(f"](pictures/{name})" in text for name in pictures)
    assert all(png.startswith(b"\x89PNG") for png in pictures.values())


def test_every_number_links_to_a_run(parent: str) -> None:
    """Whatever stands in a column of numbers leads to the interface that was named."""
    found = re.findall(r'<td class="number">(.*?)</td>', render(parent), re.DOTALL)
    assert len(found) > 5
    assert all(f'href="{INTERFACE}/#/' in cell for cell in found)


def test_a_stage_that_runs_others_is_told_of_too(tracking: str) -> None:
    """A cycle's own figures are in its report; every run is in it once."""
    cycle = stage(None, "cycle", "2013-07", auc=0.6543)
    scored = stage(cycle, "score", "12 rows")
    text = render(cycle)
    assert "In production" in text
    assert "0.6543" in text
    every = text.partition("All runs")[2].partition("</section>")[0]
    assert every.count(f'runs/{scored}"') == every.count(f'runs/{cycle}"') > 0


@pytest.mark.parametrize("text", ["a|b", "<b>", "[x](y)", "*a* _b_", "`c`", "\\", "a\nb"])
def test_a_field_of_markdown_is_text(text: str) -> None:
    """Nothing in it is obeyed, nor ends the field."""
    shown = template.escape_markdown(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)[|<>*_`\[\]]", shown.replace("\\\\", ""))


def test_every_stage_links_to_its_run(parent: str) -> None:
    """Own and reused ones, in the interface that was named."""
    text = render(parent)
    for one in read(parent).steps:
        experiment = one.run.info.experiment_id
        assert f"{INTERFACE}/#/experiments/{experiment}/runs/{one.run.info.run_id}" in text
    assert [one.name for one in read(parent).steps if one.reused] == ["ingest"]


def test_what_a_store_holds_is_text(parent: str) -> None:
    """Markup in a headline is shown, not obeyed."""
    assert "forest: &lt;b&gt;AUC&lt;/b&gt; 0.7" in render(parent)


def test_a_period_is_drawn_and_told(parent: str) -> None:
    """A row of the table, and a picture within the page."""
    text = render(parent)
    assert "12,000" in text
    assert "0.6543" in text
    assert text.count('src="data:image/png;base64,') == 1


def test_no_such_run_is_said(tracking: str) -> None:
    """With the address of the store that was asked."""
    with pytest.raises(LonghaulError, match="run: 'nothing' is not in sqlite:///"):
        read("nothing")


def test_a_run_without_stages_is_said(tracking: str, tmp_path: Path) -> None:
    """Any run is not a life cycle."""
    with pytest.raises(LonghaulError, match="has no finished steps"):
        read(stage(None, "ingest", "alone"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.71234, "0.7123"), (3, "3"), (12000.0, "12,000"), (1.0, "1.0000"), (None, "–"), ("x", "x")],
)
def test_figures_are_for_readers(value: object, shown: str) -> None:
    """Whole numbers with commas, others with four digits, nothing as a dash."""
    assert template.figure(value) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(3.14, "3.1 s"), (75, "1 min 15 s"), (None, "–")])
def test_durations_are_for_readers(seconds: float | None, shown: str) -> None:
    """Minutes from a minute on."""
    assert template.duration(seconds) == shown
