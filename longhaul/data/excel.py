"""Sheets of Excel and LibreOffice, read as a table; an extra: pip install python-calamine."""

from typing import BinaryIO

import pandas as pd
import pyarrow as pa

from longhaul.errors import LonghaulError


def read(file: BinaryIO, name: str) -> tuple[pd.DataFrame, list[str]]:
    """Read the first sheet that holds something.

    Parameters
    ----------
    file : binary file
    name : str
        Of the file, for errors and notes.

    Returns
    -------
    DataFrame
        Its first filled row is the header; cells are numbers, times, booleans and texts.
    notes : list of str
        Which sheet was read, if there are several.

    Raises
    ------
    LonghaulError
        When the package is not installed, or there is no table.
    """
    try:
        sheets = pd.read_excel(
            file, sheet_name=None, header=None, engine="calamine", dtype=object, na_filter=False
        )
    except ImportError:
        raise LonghaulError(
            f"{name}: to read Excel takes a package that is not installed; install it: pip install"
            " python-calamine, or save the sheet as CSV"
        ) from None
    except Exception as error:  # the package has no error of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LonghaulError(f"{name}: cannot be read as Excel: {reason}") from None
    filled = {title: _filled(sheet) for title, sheet in sheets.items()}
    titles = [title for title, sheet in filled.items() if len(sheet) > 1]
    if not titles:
        raise LonghaulError(f"{name}: has no sheet with a table")
    others = ", ".join(titles[1:4])
    notes = [f"{name}: the sheet {titles[0]!r} is read, not {others}"] if others else []
    return _named(filled[titles[0]], name), notes


def _filled(sheet: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a sheet without its empty rows, columns and titles."""
    present = sheet.map(lambda cell: cell is not None and cell == cell and str(cell).strip() != "")
    sheet = sheet.where(present, None).loc[present.any(axis=1), present.any(axis=0)]
    width = present.loc[sheet.index, sheet.columns].sum(axis=1)
    usual = width.max() if len(width) else 0
    start = int((width >= min(2, usual)).to_numpy().argmax()) if len(width) else 0
    return sheet.iloc[start:]


def _named(sheet: pd.DataFrame, file: str) -> pd.DataFrame:
    header = [
        str(cell).strip() if cell is not None else f"Unnamed: {place}"
        for place, cell in enumerate(sheet.iloc[0])
    ]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise LonghaulError(
            f"{file}: two columns are called {twice!r}; give each column a different name"
        )
    return sheet.iloc[1:].set_axis(header, axis=1).reset_index(drop=True)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Convert cells to Arrow: of one type to that type, of several to text."""
    return pa.table({str(name): _array(column) for name, column in frame.items()})


def _array(column: pd.Series) -> pa.Array:
    try:
        return pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.Array.from_pandas(column.map(str, na_action="ignore"), pa.string())
