"""Lesion tables as spreadsheets, statistics programs and annotation tools write them."""

from __future__ import annotations

from pathlib import Path

from Testing.field_cases.case import Build, FieldCase, Table, dicom

HEADER = "case_id,lesion_id,laterality,view,file,box_x,box_y,box_w,box_h,label"
CC = "c1,1,R,CC,view.dcm,20,62,20.5,20,0"
MLO = "c1,1,R,MLO,view.dcm,21,60,22,21.25,0"
BOXES = ((20, 62, 20.5, 20), (21, 60, 22, 21.25))
_EXCEL = "https://support.microsoft.com/office: CSV of European locales"
_SIBLING = "sibling"
_read = Table(boxes=BOXES)


def _table(*lines: str, encoding: str = "utf-8", end: str = "\n", start: bytes = b"") -> Build:
    """Return a builder of a table next to its image."""

    def build(folder: Path) -> Path:
        dicom()(folder)
        path = folder / "lesions.csv"
        path.write_bytes(start + (end.join(lines) + end).encode(encoding))
        return path

    return build


def _in_folder(*lines: str) -> Build:
    """Return a builder of a table whose image is in a folder next to it."""

    def build(folder: Path) -> Path:
        (folder / "exam").mkdir(exist_ok=True)
        dicom()(folder / "exam")
        return _table(*lines)(folder)

    return build


def _delimited(delimiter: str, *, comma: bool = False) -> list[str]:
    lines = [line.replace(",", delimiter) for line in (HEADER, CC, MLO)]
    return (
        [line.replace("20.5", "20,5").replace("21.25", "21,25") for line in lines]
        if comma
        else lines
    )


def _case(name: str, source: str, build: Build, expected: Table = _read) -> FieldCase:
    return FieldCase("tables", name, source, build, expected)


def _refused(message: str) -> Table:
    return Table(message=message)


CASES = (
    _case("plain", "README", _table(HEADER, CC, MLO)),
    _case(
        "byte order mark, CRLF and empty rows",
        "python/cpython#61739",
        _table(HEADER, CC, MLO, "," * 9, "", encoding="utf-8-sig", end="\r\n"),
    ),
    _case("UTF-16", "CellProfiler/CellProfiler#1385", _table(HEADER, CC, MLO, encoding="utf-16")),
    _case("UTF-16 with tabs", "Excel: Unicode text", _table(*_delimited("\t"), encoding="utf-16")),
    _case(
        "UTF-16 big endian",
        _SIBLING,
        _table(HEADER, CC, MLO, encoding="utf-16-be", start=b"\xfe\xff"),
    ),
    _case(
        "UTF-16 without mark",
        _SIBLING,
        _table(HEADER, CC, encoding="utf-16-le"),
        _refused("is UTF-16 text without a byte order mark"),
    ),
    _case("semicolons", _EXCEL, _table(*_delimited(";"))),
    _case("semicolons and decimal commas", _EXCEL, _table(*_delimited(";", comma=True))),
    _case("tabs", "CellProfiler/CellProfiler#1385", _table(*_delimited("\t"))),
    _case("tabs and decimal commas", _SIBLING, _table(*_delimited("\t", comma=True))),
    _case("vertical bars", _SIBLING, _table(*_delimited("|"))),
    _case("sep= line", "python/cpython#61739", _table("sep=,", HEADER, CC, MLO)),
    _case("quoted SEP= line with semicolons", _SIBLING, _table('"SEP=;"', *_delimited(";"))),
    _case(
        "spaces as delimiter",
        _SIBLING,
        _table(HEADER.replace(",", " ")),
        _refused("has only the column .*; separate the columns with commas"),
    ),
    _case("capitals", _SIBLING, _table(HEADER.upper(), CC, MLO)),
    _case("spaces around names", _SIBLING, _table(HEADER.replace(",", " ,\t"), CC, MLO)),
    _case("words with spaces", _SIBLING, _table(HEADER.replace("_", " ").title(), CC, MLO)),
    _case(
        "quoted names",
        "R: write.csv",
        _table(",".join(f'"{name}"' for name in HEADER.split(",")), CC, MLO),
    ),
    _case("empty line before the header", _SIBLING, _table("", HEADER, CC, MLO)),
    _case(
        "two columns box_x",
        "Emory-HITI/EMBED_Open_Data#9",
        _table(f"{HEADER},box_x", f"{CC},12", f"{MLO},12"),
        _refused("has 2 columns box_x"),
    ),
    _case(
        "two columns that differ in case",
        _SIBLING,
        _table(f"{HEADER},Box_X", f"{CC},12", f"{MLO},12"),
        _refused("has 2 columns box_x"),
    ),
    _case(
        "two columns renamed by pandas",
        "pandas.read_csv: mangled duplicates",
        _table(f"{HEADER},box_x.1", f"{CC},12", f"{MLO},12"),
        _refused(r"has 2 columns box_x \(.*box_x.1"),
    ),
    _case(
        "two columns of other names",
        _SIBLING,
        _table(f"{HEADER},note,note", f"{CC},a,b", f"{MLO},a,b"),
    ),
    _case(
        "corner columns",
        "VinDr-Mammo, finding_annotations.csv",
        _table(HEADER.replace("box_x,box_y,box_w,box_h", "xmin,ymin,xmax,ymax"), CC, MLO),
        _refused("no column box_h, box_w, box_x, box_y; compute it from xmin, ymin, xmax, ymax"),
    ),
    _case(
        "unquoted decimal commas",
        _EXCEL,
        _table(HEADER, CC.replace("20.5", "20,5")),
        _refused("line 2: has more cells than the table has columns; .* with a decimal point"),
    ),
    _case(
        "quoted decimal comma between commas",
        _SIBLING,
        _table(HEADER, CC.replace("20.5", '"20,5"')),
        _refused("line 2: box_w is '20,5'; it must be"),
    ),
    _case(
        "thousands",
        _SIBLING,
        _table(*(line.replace("20,5", "1.020,5") for line in _delimited(";", comma=True))),
        _refused(r"box_w is '1.020,5'"),
    ),
    _case(
        "labels as floats",
        "pandas: integers with missing values become floats",
        _table(HEADER, f"{CC}.0", f"{MLO}.0"),
    ),
    _case("backslash", _SIBLING, _table(HEADER, CC.replace("view", r".\view"), MLO)),
    _case(
        "backslash into a folder",
        _SIBLING,
        _in_folder(HEADER, CC.replace("view", "exam\\view"), MLO.replace("view", "exam\\view")),
    ),
    _case(
        "path of Windows",
        _SIBLING,
        _table(HEADER, CC.replace("view", r"C:\exam\view")),
        _refused(r"line 2: names the file .*; write / instead of"),
    ),
    _case(
        "Excel workbook",
        _SIBLING,
        _table(HEADER, start=b"PK\x03\x04"),
        _refused("is an Excel workbook; save the table as CSV"),
    ),
)
