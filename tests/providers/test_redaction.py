"""What is private in a text is hidden behind placeholders, and merchants stay readable."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.docs_tables import DOCS
from providers.redaction import Redactor, tells_of_person
from providers.redaction.compile_names import compile_names

SAMPLES = tomllib.loads(Path(__file__).with_name("redaction_samples.toml").read_text(encoding="utf-8"))
PRIVATE = {
    "IBAN:DE89370400440532013000 BIC COBADEFFXXX": "IBAN:IBAN1 BIC ACCOUNT1",
    "DE89 3704 0044 0532 0130 00/COBADEFFXXX Miete": "IBAN1/ACCOUNT1 Miete",
    "de89370400440532013000": "IBAN1",
    "VISA 4111 1111 1111 1111 AMAZON": "VISA CARD1 AMAZON",
    "CARD **** 1234 TESCO STORES 3322": "CARD CARD1 TESCO STORES 3322",
    "XXXX-1234 Starbucks": "CARD1 Starbucks",
    "Konto 1234567 BLZ 37040044": "Konto ACCOUNT1 BLZ ACCOUNT2",
    "sort code 12-34-56 account no. 12345678": "sort code ACCOUNT1 account no. ACCOUNT2",
    "jo.doe@example.org danke": "EMAIL1 danke",
    "Tel. 0171/1234567 oder +49 171 1234567": "Tel. PHONE1 oder PHONE2",
    "Hauptstraße 12, 50667 Köln": "ADDRESS1",
    "TESCO 12 High Street": "TESCO ADDRESS1",
    "12 rue de la Paix 75002 Paris": "ADDRESS1",
    "EREF+ABC123 MREF+M-0001 SVWZ+Rechnung RE-2024-00123 vom 01.02.2024": (
        "EREF+REF1 MREF+REF2 SVWZ+Rechnung REF3 vom 01.02.2024"
    ),
    "AMZN Mktp US*2A3BC4D5E 866-216-1072 WA": "AMZN Mktp US*REF1 PHONE1 WA",
    "REWE SAGT DANKE. 41278934 12.03.2024 14:30": "REWE SAGT DANKE. REF1 12.03.2024 14:30",
    "SEPA Überweisung an Anna Schneider Miete": "SEPA Überweisung an PERSON1 Miete",
    "Hr. Müller": "Hr. PERSON1",
    "Mme Dupont loyer": "Mme PERSON1 loyer",
    "MARIA GARCIA LOPEZ": "PERSON1",
    "Перевод Иванов Иван": "Перевод PERSON1",
}
READABLE = [
    "7-Eleven 23456 MIAMI FL",
    "3M Deutschland",
    "4711 Echt Kölnisch",
    "Tank 24 H&M 0123 1&1 o2",
    "REWE 50667 KOELN",
    "Karl Lagerfeld Store",
    "Douglas Parfümerie",
    "Peter Pane Hamburg",
    "Dr. Oetker",
    "Marks & Spencer",
    "Fielmann AG",
    "Edeka Schneider",
    "Metzgerei Hans Müller",
    "SEPA UEBERW ANNA MTLG:Datei",
    "1.234.567,89 EUR 50 % 20240112",
    "Paid 100000.00 at 23:59 on 2026-01-31",
]
OWN = {
    "MUSTERMANN ERIKA": "PERSON1",
    "Mustermann, E. Miete": "PERSON1. Miete",
    "E. Mustermann": "PERSON1",
    "Miete ERIKAMUSTERMANN": "Miete PERSON1",
    "Hauptstraße 12, 50667 Köln Erika Musterm": "ADDRESS1 PERSON1",
    "Gross Joerg": "PERSON1",
    "GROß JÖRG": "PERSON1",
    "Max Mustermann": "PERSON1",
    "Erika": "Erika",
}
PIECES = [
    *("HR. PERSON", "HR. ACCOUNT", "Hr. Anna PERSON", "IBAN IBAN1", "PERSON2"),
    *(
        *PRIVATE,
        *READABLE,
        *OWN,
        "IBAN",
        "Konto",
        "PERSON1",
        "REF12",
        "+",
        "(at)",
        "@",
        "a.de",
        "Tel",
        "12",
        "1234",
        "****",
    ),
    *(
        "Str.",
        "Calle",
        "Hr.",
        "Anna",
        "Schmidt",
        ",",
        "/",
        "-",
        ".",
        "\u0301",
        "\u200b",
        "\u0130",
        "ß",
        "\u0663" * 7,
        "xx",
    ),
]
TEXTS = st.one_of(
    st.text(max_size=200),
    st.tuples(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["", " "])).map(
        lambda t: t[1].join(t[0])
    ),
)


@pytest.mark.parametrize(("text", "redacted"), PRIVATE.items())
def test_what_is_private_is_hidden(text, redacted):
    assert Redactor().redact(text) == redacted


PROSE = {
    "friendly, and mention Hans Wutzke +49 170 1234567": "friendly, and mention PERSON1 PHONE1",
    "How much did I send to Rose Xyzptl?": "How much did I send to PERSON1?",
    "The shop on the corner belongs to Hans Wutzke": "The shop on the corner belongs to PERSON1",
    "What do I pay the bank for Anna Schneider?": "What do I pay the bank for PERSON1?",
    "Will Xyzptl cost more?": "Will Xyzptl cost more?",
    "my neighbor Anna feeds the cat": "my neighbor Anna feeds the cat",
    "we buy meat from Metzgerei Hans Wutzke": "we buy meat from Metzgerei Hans Wutzke",
    "Is Karl Lagerfeld clothing?": "Is Karl Lagerfeld clothing?",
    "Albert Heijn is groceries": "Albert Heijn is groceries",
}


@pytest.mark.parametrize(("text", "redacted"), PROSE.items())
def test_a_given_name_and_an_unknown_word_are_a_person_in_prose(text, redacted):
    assert Redactor().redact(text, is_prose=True) == redacted


@pytest.mark.parametrize("text", ["POS Purchase Sally Musta", "mention Hans Wutzke"])
def test_a_given_name_and_an_unknown_word_stay_in_the_text_of_a_bank(text):
    assert Redactor().redact(text) == text


@pytest.mark.parametrize("text", READABLE)
def test_merchants_amounts_and_dates_stay(text):
    assert Redactor().redact(text) == text


@pytest.mark.parametrize(("text", "redacted"), OWN.items())
def test_names_of_the_owner_are_hidden(text, redacted):
    assert Redactor(names=["Erika Mustermann", "Jörg Groß"]).redact(text) == redacted


def test_equal_things_have_equal_placeholders():
    redactor = Redactor()
    assert redactor.redact("DE89 3704 0044 0532 0130 00") == redactor.redact("de89370400440532013000") == "IBAN1"
    assert redactor.redact("GB29NWBK60161331926819") == "IBAN2"
    assert (
        redactor.redact("Transfer Anna Schneider") == redactor.redact("Transfer SCHNEIDER, ANNA") == "Transfer PERSON1"
    )
    assert redactor.counts == {"iban": 3, "person": 2}


def test_a_placeholder_that_a_text_has_by_itself_is_not_given_to_another_thing():
    assert Redactor().redact("IBAN1 DE89370400440532013000") == "IBAN1 IBAN2"


def test_a_person_in_no_list_is_hidden_if_the_statement_says_that_it_is_one():
    assert Redactor().redact("Überweisung Xyzptl Qwrtz Miete") == "Überweisung Xyzptl Qwrtz Miete"
    assert Redactor().redact("Überweisung Xyzptl Qwrtz Miete", is_person=True) == "Überweisung PERSON1 Miete"


@given(TEXTS, st.booleans(), st.booleans())
def test_redacting_twice_changes_nothing(text, is_person, is_prose):
    redactor = Redactor(names=["Erika Mustermann"])
    redacted = redactor.redact(text, is_person=is_person, is_prose=is_prose)
    assert redactor.redact(redacted, is_person=is_person, is_prose=is_prose) == redacted
    other = Redactor(names=["Erika Mustermann"])
    assert other.redact(redacted, is_person=is_person, is_prose=is_prose) == redacted
    assert len(redacted) <= 5 * len(text)


@given(TEXTS)
def test_nothing_that_was_found_stays(text):
    redactor = Redactor(names=["Erika Mustermann"])
    redacted = redactor.redact(text)
    placeholders = {found[0] for found in re.finditer(r"[A-Z]+\d+", redacted)} - {"PERSON1", "REF12"}
    values = [redactor.restore(placeholder) for placeholder in placeholders]
    assert not [value for value in values if len(value) >= 6 and value not in placeholders and value in redacted]


@pytest.mark.parametrize(
    ("text", "iban", "is_person"),
    [
        ("SEPA Überweisung Xyzptl Qwrtz Miete", "DE89370400440532013000", True),
        ("SEPA Überweisung Xyzptl Qwrtz Miete", "", False),
        ("SEPA Überweisung Xyzptl GmbH", "DE89370400440532013000", False),
        ("SEPA Überweisung Stadtwerke Kleinheim", "DE89370400440532013000", False),
        ("SEPA Überweisung Netflix", "DE89370400440532013000", False),
        ("SEPA Lastschrift Xyzptl Qwrtz", "DE89370400440532013000", False),
        ("Zelle to Xyzptl Qwrtz", "", True),
        ("Bizum de Xyzptl Qwrtz", "", True),
    ],
)
def test_a_statement_tells_of_a_person_by_a_transfer_without_a_company(text, iban, is_person):
    assert tells_of_person(text, iban=iban) is is_person


def test_nothing_private_stays_in_invented_texts_but_few_names():
    private = [(text, one) for country in SAMPLES.values() for text, *parts in country["hide"] for one in parts]
    missed = [(text, one) for text, one in private if one in Redactor().redact(text)]
    assert len(missed) <= 0.02 * len(private), missed
    assert not [text for text, one in missed if any(map(str.isdigit, one))]


def test_few_invented_texts_of_merchants_change():
    texts = [text for country in SAMPLES.values() for text in country["keep"]]
    changed = [text for text in texts if Redactor().redact(text) != text]
    assert len(changed) <= 0.02 * len(texts), changed


def test_the_invented_texts_are_many_and_of_many_countries():
    assert sum(len(country["hide"]) + len(country["keep"]) for country in SAMPLES.values()) >= 400
    assert len(SAMPLES) >= 12


def test_placeholders_become_the_own_words_again():
    redactor = Redactor(names=["Odile Marchetti"])
    hidden = redactor.redact("How much did I pay to Odile Marchetti from DE89 3704 0044 0532 0130 00?")
    assert "Odile" not in hidden
    assert redactor.restore("PERSON1") == "Odile Marchetti"
    assert redactor.restore("IBAN1 and IBAN2") == "DE89 3704 0044 0532 0130 00 and IBAN2"


def test_the_page_shows_what_the_model_reads():
    page = (DOCS / "redaction.md").read_text(encoding="utf-8")
    table = page.partition("| text | what the model reads |\n| --- | --- |\n")[2].partition("\n\n")[0]
    shown = [line.strip("| ").split(" | ") for line in table.splitlines()]
    assert len(shown) == 7
    assert [Redactor().redact(text) for text, _ in shown] == [redacted for _, redacted in shown]


LONG = ["1", "a1", "DE89 ", "Anna Schmidt ", "EREF+1a", "Konto 1", "12 rue de ", "a@", "**", "- ", "\u0301"]


@pytest.mark.parametrize("piece", LONG)
def test_long_texts_are_redacted_too(piece):
    text = (piece * 10_000)[:10_000]
    redactor = Redactor(names=["Erika Mustermann"])
    redacted = redactor.redact(text, is_person=True)
    assert redactor.redact(redacted, is_person=True) == redacted


def test_names_are_compiled_from_the_locales_of_a_package():
    class Locale:
        first_names_female = ("Åse", "Anne-Lise", "Rose")
        last_names = {"de Vries": 3, "Nowacki": 1, "García López": 1}
        unisex_last_names = ["Rose"]
        formats = ("{{first_name}}",)

    text = compile_names([Locale], ordinary_words=["Rose", "table"], version="9.1")
    head, given, family, ordinary = text.splitlines()
    assert json.loads(head) == {"source": "Faker", "version": "9.1", "license": "MIT"}
    assert (given, family, ordinary) == ("anne ase lise rose", "nowacka nowacki rose vries", "rose")


def test_the_shipped_names_name_their_source_and_stay_small():
    package = files("providers.redaction")
    about = json.loads(package.joinpath("names.txt").read_text(encoding="utf-8").partition("\n")[0])
    assert (about["source"], about["license"]) == ("Faker", "MIT")
    assert len(package.joinpath("names.txt").read_bytes()) < 600_000
    assert "Permission is hereby granted" in package.joinpath("LICENSE-faker").read_text(encoding="utf-8")
