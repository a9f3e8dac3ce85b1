"""How pages are made: one look, self-contained, and numbers as a reader wants them."""

import base64
import io
from typing import Any

import jinja2
from matplotlib.figure import Figure

from longhaul.tasks import display_name


def render(template: str, **content: Any) -> str:
    """Fill in a template of this package; text is escaped, and what is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("longhaul.report", "."),
        autoescape=".html" in template,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        figure=figure, duration=duration, picture=picture, words=display_name, cell=escape_markdown
    )
    return environment.get_template(template).render(**content)


def escape_markdown(text: str) -> str:
    """Text as it stands in a field of a Markdown table: nothing in it is obeyed."""
    for sign in "\\|<>*_`[]":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ").replace("\u2003", "&emsp;")


def figure(value: Any) -> str:
    """A number as a reader wants it: counts with commas, others with four digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10 else f"{value:.4f}"


def duration(seconds: float | None) -> str:
    """Seconds as minutes and seconds."""
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def picture(drawn: Figure) -> str:
    """A figure as a data URI."""
    png = io.BytesIO()
    drawn.savefig(png, format="png")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")


def decode_picture(uri: str) -> bytes:
    """The PNG that `picture` made a data URI of."""
    return base64.b64decode(uri.partition(",")[2])
