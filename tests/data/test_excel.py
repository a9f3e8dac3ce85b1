"""A sheet of a spreadsheet is a table; without the package, one line says what to do."""

import zipfile
from pathlib import Path

import pytest

from longhaul.data import sources
from longhaul.errors import LonghaulError

_CELLS = (
    ("Sales",),
    ("day", "amount", "country"),
    ("2020-01-31", 1.5, "NA"),
    ("2020-02-28", 2, "DE"),
)
_NAMESPACE = "http://schemas.openxmlformats.org"


def write(path: Path) -> None:
    """Write a workbook of the smallest kind: one sheet with a title above its header."""
    rows = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in _CELLS)
    main, relations = f"{_NAMESPACE}/spreadsheetml/2006/main", f"{_NAMESPACE}/officeDocument/2006"
    package = f"{_NAMESPACE}/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/s.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1"'
        f' Type="{relations}/relationships/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}/relationships"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/relationships/worksheet" Target="s.xml"/>'
        "</Relationships>",
        "xl/s.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def test_a_sheet_is_a_table(tmp_path: Path) -> None:
    """Below its title, with numbers as numbers."""
    pytest.importorskip("python_calamine")
    write(tmp_path / "a.xlsx")
    frame = sources.read_undeclared("a.xlsx", "", tmp_path).frame
    assert list(frame.columns) == ["day", "amount", "country"]
    assert frame["amount"].tolist() == [1.5, 2]
    assert frame["country"].tolist() == ["NA", "DE"]


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, or else to do."""
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    write(tmp_path / "a.xlsx")
    with pytest.raises(LonghaulError, match=r"pip install python-calamine, or save .* as CSV"):
        sources.read_undeclared("a.xlsx", "", tmp_path)
