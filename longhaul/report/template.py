"""Rendering of self-contained pages, with formatting of numbers, durations and pictures."""

import base64
import io
from typing import Any

import jinja2
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from longhaul.tasks import display_name


def render(template: str, **content: Any) -> str:
    """Render a template of this package; text is escaped, and a missing value is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("longhaul.report", "."),
        autoescape=".html" in template,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        figure=figure,
        duration=duration,
        picture=picture,
        display_name=display_name,
        cell=escape_markdown,
    )
    return environment.get_template(template).render(**content)


def escape_markdown(text: str) -> str:
    """Escape text for a cell of a Markdown table."""
    for character in "\\|<>*_`[]":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ").replace("\u2003", "&emsp;")


def figure(value: Any) -> str:
    """Format a number: counts with commas, others with four digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10 else f"{value:.4f}"


def duration(seconds: float | None) -> str:
    """Format seconds, from a minute on as minutes and seconds."""
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def picture(drawn: Figure) -> str:
    """Encode a figure as a data URI of a PNG."""
    png = io.BytesIO()
    FigureCanvasAgg(drawn).print_png(png)  # `savefig` draws what is laid out twice
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")


def decode_picture(uri: str) -> bytes:
    """Decode the PNG of a data URI that `picture` made."""
    return base64.b64decode(uri.partition(",")[2])
