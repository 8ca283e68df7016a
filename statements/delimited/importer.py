"""Delimited files as one of the formats that Outlay reads."""

from collections.abc import Iterator
from typing import ClassVar

from statements.delimited.delimiter import find_dialect
from statements.delimited.detection import read_profile
from statements.delimited.encoding import detect_encoding
from statements.delimited.layout import layout_of
from statements.delimited.profile_checks import FORMAT, profile_errors
from statements.delimited.reader import read_rows
from statements.delimited.records import records
from statements.importer import Importer, Profile, ProfileError, Reading, Row, RowError, Skipped

#: The beginnings of formats that are text and have importers, or none, of their own.
_OTHER_FORMATS = (b"<", b"OFXHEADER", b"!Type", b"!Account", b"!Option", b":20:", b"{1:", b"{", b"[", b"%PDF")
_BOM = b"\xef\xbb\xbf"


class DelimitedImporter(Importer):
    """CSV and its kin: fields between commas, semicolons, tabs or bars, with or without a header."""

    format: ClassVar[str] = FORMAT

    def recognizes(self, data: bytes) -> bool:
        if data.removeprefix(_BOM).lstrip().startswith(_OTHER_FORMATS):
            return False
        return find_dialect(data, detect_encoding(data)) is not None

    def detect(self, data: bytes) -> Reading:
        return read_profile(data)

    def read(self, data: bytes, profile: Profile) -> Iterator[Row | RowError | Skipped]:
        layout = layout_of(profile, data)
        quotechar = profile.get("quotechar", '"')
        rows = records(data, encoding=profile["encoding"], delimiter=profile["delimiter"], quotechar=quotechar)
        return read_rows(rows, layout)

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        return profile_errors(profile, data)
