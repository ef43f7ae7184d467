"""Reading files: what a CSV may look like, what a plan may say, what units become."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskops.errors import ValidationFailed
from deskops.imports import source, units
from deskops.imports.plan import Plan, checked, from_json, places, profile, profiles, save_profile
from deskops.imports.refusals import FileRefused
from deskops.imports.source import LONGEST_LINE, MOST_COLUMNS, Source, count
from deskops.modules import EQUIPMENT, RECEIVED
from deskops.schema.guard import guarded, unguarded
from tests.import_fixtures import LOADS_PLAN, Excerpt


def rows_of(path: Path, encoding: str = "utf-8-sig", delimiter: str = "") -> list[tuple[int, list[str]]]:
    with Source(path, encoding, delimiter) as file:
        return [(row.line, row.cells) for row in file]


def test_rows_are_numbered_by_the_line_they_begin_on(excerpt: Excerpt) -> None:
    path = excerpt("a.csv", 'date,notes\n2021-01-01,"two\nlines"\n\n2021-01-02,one\n,\n2021-01-03,last')
    assert rows_of(path) == [
        (2, ["2021-01-01", "two\nlines"]),
        (5, ["2021-01-02", "one"]),
        (7, ["2021-01-03", "last"]),
    ]
    assert count(path, "utf-8-sig", "") == 3


@pytest.mark.parametrize("text", ["a;b\n1;2,5\n", "a\tb\n1\t2,5\n", "a|b\n1|2,5\n", 'a,b\n1,"2,5"\n'])
def test_the_delimiter_is_seen_in_the_header(excerpt: Excerpt, text: str) -> None:
    assert rows_of(excerpt("a.csv", text)) == [(2, ["1", "2,5"])]


def test_a_byte_order_mark_and_crlf_do_no_harm(excerpt: Excerpt) -> None:
    with Source(excerpt("a.csv", "\ufeffdate,site\r\n2021-01-01,A\r\n")) as file:
        assert file.header == ["date", "site"]
        assert [row.cells for row in file] == [["2021-01-01", "A"]]


def test_another_encoding_is_read_where_it_is_named_and_refused_where_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("date,source\n2021-01-01,جدة\n".encode("cp1256"))
    assert rows_of(path, "cp1256") == [(2, ["2021-01-01", "جدة"])]
    with pytest.raises(FileRefused, match="not in this encoding"):
        rows_of(path)


def zipped(folder: Path, **members: str) -> Path:
    path = folder / "files.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_csv", ".csv"), text)
    return path


def test_a_zip_with_one_csv_is_read_as_that(tmp_path: Path) -> None:
    assert rows_of(zipped(tmp_path, loads_csv="a,b\n1,2\n", readme="words")) == [(2, ["1", "2"])]


@pytest.mark.parametrize("members", [{"readme": "words"}, {"a_csv": "a\n1\n", "b_csv": "a\n1\n"}])
def test_a_zip_with_none_or_several_is_refused(tmp_path: Path, members: dict[str, str]) -> None:
    with pytest.raises(FileRefused, match=r"one \.csv file"):
        rows_of(zipped(tmp_path, **members))


def test_a_damaged_zip_is_refused_with_its_line(tmp_path: Path) -> None:
    path = zipped(tmp_path, loads_csv="a,b\n" + "1,2\n" * 50_000)
    content = bytearray(path.read_bytes())
    content[200:220] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(FileRefused, match="cannot be read after line"):
        rows_of(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_of_any_compression_whose_content_is_damaged_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.csv", "a,b\n" + "1,2\n" * 5_000)
    content = bytearray(path.read_bytes())
    content[45:75] = b"\xff" * 30
    path.write_bytes(content)
    with pytest.raises(FileRefused, match="cannot be read after line"):
        rows_of(path)


def test_a_zip_of_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, loads_csv="a,b\n1,2\n")
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[8:10] = content[place + 10 : place + 12] = (99).to_bytes(2, "little")
    path.write_bytes(content)
    with pytest.raises(FileRefused, match="cannot be read after line"):
        rows_of(path)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_UNPACKED_BYTES", 1_000)
    with pytest.raises(FileRefused, match="unpacks to more than"):
        rows_of(zipped(tmp_path, loads_csv="a,b\n" + "1,2\n" * 1_000))


def test_a_header_of_more_columns_than_a_table_has_is_refused(excerpt: Excerpt) -> None:
    with pytest.raises(FileRefused, match="columns"):
        rows_of(excerpt("a.csv", ",".join(f"c{place}" for place in range(MOST_COLUMNS + 1))))


@pytest.mark.parametrize("text", ["", "\n", " , \n1,2\n"])
def test_a_file_without_a_header_is_refused(excerpt: Excerpt, text: str) -> None:
    with pytest.raises(FileRefused, match="name the columns"):
        rows_of(excerpt("a.csv", text))


def test_an_endless_line_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1," + "x" * LONGEST_LINE)
    with pytest.raises(FileRefused, match="Line 2 is longer"):
        rows_of(path)


def test_the_reason_column_of_mended_rows_is_left_out(excerpt: Excerpt) -> None:
    with Source(excerpt("a.csv", "deskops_reason,date,site\nline 7: Blank,2021-01-01,A\n")) as file:
        assert file.header == ["date", "site"]
        assert [row.cells for row in file] == [["2021-01-01", "A"]]


WEIGHTS = [
    ("2260.0", "lb", "1.025"),
    ("1.2", "lb", "0.001"),
    ("1.5", "kg", "0.002"),
    ("2.5", "kg", "0.003"),
    ("0.5", "kg", "0.001"),
    ("-4480", "lb", "-2.032"),
    ("1", "short-ton", "0.907"),
    ("0", "lb", "0.000"),
    ("12.3456", "t", "12.3456"),
    ("NA", "lb", "NA"),
    ("1e99", "lb", "1e99"),
    ("", "lb", ""),
    ("٢٠", "kg", "0.020"),
]


@pytest.mark.parametrize(("text", "unit", "tons"), WEIGHTS)
def test_weights_are_converted_and_rounded_half_up_to_the_kilogram(text: str, unit: str, tons: str) -> None:
    assert units.in_tons(text, unit) == tons


@pytest.mark.parametrize("text", ["0.298", "1.1", "-0.3"])
def test_less_than_half_a_kilogram_is_too_little(text: str) -> None:
    with pytest.raises(units.Unreadable, match="half a kilogram"):
        units.in_tons(text, "lb")


def test_a_number_of_two_meanings_is_asked_about() -> None:
    with pytest.raises(units.Unreadable, match="2,260 may be thousands"):
        units.with_point("2,260", "")
    assert units.with_point("2,260", "point") == "2260"
    assert units.with_point("2.260,5", "comma") == "2260.5"
    assert [units.with_point(text, "") for text in ("2,5", "0,260", "2,260.5")] == ["2,5", "0,260", "2,260.5"]


@given(st.text())
def test_the_mark_of_a_formula_comes_off_again(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_a_plan_takes_every_name_of_a_field() -> None:
    plan = checked(RECEIVED, Plan(columns={"qtyTon": "w", "material": "m", "vehicle": "v"}))
    assert plan.columns == {"quantity": "w", "materialId": "m", "vehicleId": "v"}
    assert checked(EQUIPMENT, Plan(columns={"run_hours": "h"})).columns == {"runHours": "h"}


BAD_PLANS = [
    (Plan(columns={"colour": "c"}), "map"),
    (Plan(columns={"quantity": "a", "qtyTon": "b"}), "map"),
    (Plan(units={"quantity": "stone"}), "unit"),
    (Plan(units={"source": "kg"}), "unit"),
    (Plan(aliases={"colour": {"red": "R"}}), "alias"),
    (Plan(encoding="morse"), "encoding"),
    (Plan(encoding="hex"), "encoding"),
    (Plan(encoding="a\x00b"), "encoding"),
    (Plan(date_format="%Y%Y"), "date-format"),
    (Plan(date_format="\x00"), "date-format"),
    (Plan(delimiter="ab"), "delimiter"),
    (Plan(date_format="%d/%m"), "date-format"),
    (Plan(decimal="dot"), "decimal"),
]


@pytest.mark.parametrize(("plan", "part"), BAD_PLANS)
def test_a_plan_that_names_what_is_not_there_is_refused(plan: Plan, part: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked(RECEIVED, plan)
    assert list(refused.value.fields) == [part]


def test_a_missing_column_and_an_unmapped_field_are_named() -> None:
    with pytest.raises(FileRefused, match=r"no column weight; it has: a, b"):
        places(RECEIVED, Plan(columns={"quantity": "weight"}), ["a", "b"])
    with pytest.raises(FileRefused, match=r"stands for date, materialId"):
        places(RECEIVED, Plan(columns={"quantity": "a"}), ["a", "b"])
    with pytest.raises(FileRefused, match=r"several columns a"):
        places(RECEIVED, Plan(columns={"quantity": "a"}), ["a", "a"])


def test_without_a_mapping_columns_are_found_by_their_names() -> None:
    header = ["date", "siteId", "materialId", "material", "quantity", "createdAt", "weather"]
    assert places(RECEIVED, Plan(), header) == {"date": 0, "siteId": 1, "materialId": 2, "quantity": 4}


def test_a_profile_is_kept_replaced_and_widened(fresh_book: None) -> None:
    plan = checked(RECEIVED, LOADS_PLAN)
    save_profile(RECEIVED, "city", Plan())
    save_profile(RECEIVED, "city", plan)
    assert [row.name for row in profiles(RECEIVED)] == ["city"]
    kept = profile(RECEIVED, "city")
    assert kept == plan
    more = Plan(aliases={"materialId": {"tires": "RAW-ASPHALT"}}, units={"quantity": "kg"}).over(kept)
    assert more.aliases == {"materialId": {"*": "RAW-MIXED", "tires": "RAW-ASPHALT"}}
    assert (more.columns, more.units) == (plan.columns, {"quantity": "kg"})
    assert from_json(more.json()) == more
    with pytest.raises(FileRefused, match="there are: city"):
        profile(RECEIVED, "county")
