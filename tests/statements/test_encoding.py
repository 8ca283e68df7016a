"""Encodings: byte order marks, UTF-8 with damage, and code pages told apart by the letters they spell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.delimited.encoding import decodes, detect_encoding, storable

TEXTS = {
    "cp1252": ["Währung;Empfänger\n3,00;Bäckerei Süß", "Libellé;Débit\nCafé de la Forêt;3", "Descripción;Año\nPeña;1"],
    "cp1250": ["Datum zaúčtování;Částka\n1;Příliš žluťoučký kůň", "Tytuł;Odbiorca\nŹdźbło;Łódź, świeże bułki"],
    "cp1257": [
        "Gavėjas;Paaiškinimai\nŠokoladas;Ąžuolas, grąžinimas už kėdę",
        "Saņēmējs;Maksājuma mērķis\nĶekava;ēdiens",
    ],
    "cp1251": ["Дата операции;Описание\n1;Покупка в магазине", "Дата;Сумма\n2;Перевод"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts])
def test_a_code_page_is_told_by_its_letters(name, text):
    assert text.encode(name).decode(detect_encoding(text.encode(name))) == text


@pytest.mark.parametrize("name", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_believed(name):
    data = "Date;Größe\n1;2".encode(name)
    assert data.decode(detect_encoding(data)) == "Date;Größe\n1;2"


def test_utf_8_that_is_cut_inside_a_letter_stays_utf_8():
    data = ("Müller, Größe, Übung, " * 10 + "é").encode()[:-1]
    assert detect_encoding(data) == "utf-8"
    assert not decodes(data, "utf-8")


def test_an_accent_far_down_is_found():
    data = b"Date;Text\n" + b"2024-01-01;plain\n" * 20_000 + "2024-01-02;Bäckerei\n".encode("cp1252")
    assert detect_encoding(data) == "cp1252"


@given(st.text(max_size=300))
def test_utf_8_is_recognized(text):
    assert detect_encoding(text.encode()).startswith("utf-")


@given(st.binary(max_size=300))
def test_any_bytes_get_a_codec_that_can_be_used(data):
    data.decode(detect_encoding(data), "replace")


def test_texts_lose_what_no_database_can_hold():
    assert storable("a\0b\ud83d \ud83c\udf1f\N{GLOWING STAR}") == "ab\ufffd \N{GLOWING STAR}\N{GLOWING STAR}"
