"""Page about a shadow: what it said of the requests that the champion answered."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from longhaul.evaluation.shadow_comparison import ShadowComparison
from longhaul.plots import shadow as plots
from longhaul.registry.model_uri import ModelUri
from longhaul.report import template


def render(
    shadow: ModelUri,
    period: str,
    compared: ShadowComparison,
    seconds: float,
    champion: pd.DataFrame,
    predicted: pd.DataFrame,
) -> str:
    """Render the page.

    Parameters
    ----------
    shadow : ModelUri
    period : str
    compared : ShadowComparison
    seconds : float
        That the shadow took for a row; NaN where it is not known.
    champion, predicted : DataFrame of n rows
        Predictions of the champion and of the shadow.
    """
    name = "prediction" if "prediction" in predicted else "probability"
    present = predicted[name].notna().to_numpy()
    given, shadowed = (
        frame.loc[present, name].to_numpy(dtype=float) for frame in (champion, predicted)
    )
    return template.render(
        "shadow.html.jinja",
        name=shadow.name,
        version=shadow.version,
        period=period,
        compared=compared,
        changed=compared.changed / max(compared.shadowed, 1),
        has_decision="decision" in predicted,
        seconds=seconds,
        chart=plots.predictions(given, shadowed, _headline(given, shadowed))
        if present.any()
        else None,
        made=datetime.now(UTC),
    )


def _headline(champion: np.ndarray, shadow: np.ndarray) -> str:
    higher = float((shadow > champion).mean())
    return f"The shadow says more in {higher:.0%} of the rows"
