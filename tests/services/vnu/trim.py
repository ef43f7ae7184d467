"""Make vnu-VERSION.jar.xz out of the Nu Html Checker's vnu.jar, at a quarter of its size.

    npm pack vnu-jar@26.9.27 && tar xzf vnu-jar-26.9.27.tgz
    python tests/services/vnu/trim.py package/build/dist/vnu.jar tests/services/vnu/vnu-26.9.27.jar.xz

No rule of the checker is touched. Left out are the text of the HTML standard (which its web page quotes, and
which it reads for seconds at every start), locale tables for languages it never speaks, and code for mail and
portals. The members are stored and the whole is packed by xz: zip packs thousands of small files badly.
"""

import io
import lzma
import sys
import zipfile
from pathlib import Path

QUOTED_STANDARD = "nu/validator/localentities/files/html5spec"
LOCALE_TABLES = "com/ibm/icu/impl/data/icudt75b/"
KEPT_TABLES = {
    "root.res", "en.res", "pool.res", "res_index.res", "supplementalData.res", "likelySubtags.res",
    "keyTypeData.res", "metadata.res", "timezoneTypes.res", "numberingSystems.res", "icustd.res",
    "currencyNumericCodes.res", "icuver.res", "dayPeriods.res", "plurals.res", "pluralRanges.res",
    "genderList.res", "langInfo.res", "metaZones.res", "zoneinfo64.res", "windowsZones.res",
    "grammaticalFeatures.res", "units.res",
}  # fmt: skip
UNUSED = (
    "jakarta/servlet/resources",
    "org/w3c/css/parser/analyzer/CssParser.jj",
    "com/sun/mail",
    "javax/mail",
    "javax/enterprise",
    "javax/portlet",
    "META-INF/maven",
)
A_FIXED_TIME = (2026, 1, 1, 0, 0, 0)


def is_needed(name: str) -> bool:
    if name.endswith("/") or name.startswith(UNUSED):
        return False
    if name.startswith(LOCALE_TABLES):
        table = name.removeprefix(LOCALE_TABLES)
        return "/" not in table and (table in KEPT_TABLES or not table.endswith(".res"))
    return True


def trim(source: Path, target: Path) -> None:
    """The same input gives the same bytes."""
    stored = io.BytesIO()
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as kept:
        for member in given.infolist():
            if is_needed(member.filename):
                content = given.read(member)
                if member.filename == QUOTED_STANDARD:
                    content = b"<!DOCTYPE html><title>left out</title>"
                kept.writestr(zipfile.ZipInfo(member.filename, A_FIXED_TIME), content)
    target.write_bytes(lzma.compress(stored.getvalue(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    trim(Path(sys.argv[1]), Path(sys.argv[2]))
