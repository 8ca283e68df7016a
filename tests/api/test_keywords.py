"""The link of keywords over HTTP: keywords of categories, and names in damaged text."""

import pytest

from expenses.categorization.catalog import Catalog
from expenses.categorization.keywords import KeywordProvider
from expenses.models import ConfirmedTexts, TrackRecord
from expenses.models.ledgers import ledger_id_of
from providers.interface import LabeledQuestion, Question, Suggestion

TOO_LITTLE = "says too little: a keyword has a word of at least 3 letters, or is the name of a known brand."


def attempt_of(api, text, **fields):
    row = api.post("expenses/", {"amount": "4.50", "description": text, **fields}).json()
    body = api.get(f"transactions/{row['id']}/explanation/").json()
    return row, next(attempt for attempt in body["attempts"] if attempt["provider"] == "keywords")


@pytest.fixture
def alone(use_chain):
    """The link of keywords without others, whose evidence adds up with its own."""
    use_chain({"BACKEND": "expenses.categorization.keywords.KeywordProvider", "MIN_CONFIDENCE": 0.95})


@pytest.mark.parametrize(
    ("text", "sentence", "details"),
    [
        (
            "STARBUC KOELN",
            "“STARBUC” is Starbucks, cut short, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "STARBUC", "damage": "cut", "likeness": 0.78},
        ),
        (
            "STARBUCKSCOFFEE4711",
            "“STARBUCKSCOFFEE4711” is Starbucks, written as one word, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "STARBUCKSCOFFEE4711", "damage": "glued", "likeness": 0.94},
        ),
        (
            "VISA STRBCKS 123",
            "“STRBCKS” is Starbucks, without some of its vowels, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "STRBCKS", "damage": "abbreviated", "likeness": 0.78},
        ),
        (
            "Strabucks",
            "“Strabucks” is Starbucks, misspelled, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "Strabucks", "damage": "misspelled", "likeness": 0.89},
        ),
        (
            "XYZZY PLUGH RESTAURAN",
            "“RESTAURAN” is the word “restaurant”, cut short, which stands for Dining.",
            {"matched": "restaurant", "found_in": "RESTAURAN", "damage": "cut", "likeness": 0.9},
        ),
    ],
)
@pytest.mark.usefixtures("alone")
def test_a_damaged_name_is_found_and_explained(ana, text, sentence, details):
    _, attempt = attempt_of(ana, text)
    assert attempt["explanation"] == sentence
    assert attempt["category_name"] == "Dining"
    assert {name: attempt["details"][name] for name in details} == details


@pytest.mark.usefixtures("alone")
def test_a_long_damaged_name_decides(ana):
    row, attempt = attempt_of(ana, "PAYPAL *BURGERKINGBERLIN")
    assert (row["category_name"], row["merchant"]) == ("Dining", "Burger King")
    assert row["categorization"] == {
        "status": "automatic",
        "source": "keywords",
        "confidence": 0.97,
        "explanation": "“BURGERKINGBERLIN” is Burger King, glued to other letters, a known fast food chain.",
        "awaits_model": False,
        "suggestion": None,
    }
    assert (attempt["outcome"], attempt["score"]) == ("answered", 0.625)


@pytest.mark.usefixtures("alone")
def test_a_short_damaged_name_is_only_suggested(ana):
    row, attempt = attempt_of(ana, "NETFLI")
    assert (row["category"], attempt["outcome"], attempt["confidence"]) == (None, "unsure", 0.92)
    assert row["categorization"]["suggestion"]["category_name"] == "Subscriptions"


@pytest.mark.parametrize("text", ["Starbucks Koeln", "REWE SAGT DANKE", "Xyzzy Plugh", "Petra Iglesias"])
def test_whole_and_unknown_names_are_left_to_other_links(ana, text):
    _, attempt = attempt_of(ana, text)
    assert (attempt["outcome"], attempt["explanation"]) == ("declined", "It knows nothing about this text.")


@pytest.mark.usefixtures("alone")
def test_money_from_a_damaged_name_is_suggested_as_its_refund(ana):
    body = ana.post("transactions/", {"amount": "4.50", "direction": "in", "description": "MCDONLADS KOELN"}).json()
    assert body["category"] is None
    assert body["categorization"]["suggestion"]["category_name"] == "Dining"
    attempts = ana.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    assert [attempt["explanation"] for attempt in attempts if attempt["provider"] == "keywords"] == [
        "“MCDONLADS” is McDonald's, misspelled, a known fast food chain, so money from it is taken for a refund."
    ]


@pytest.mark.usefixtures("alone")
def test_a_kind_of_shop_that_was_mapped_is_followed(ana):
    ana.post("categories/", {"name": "Coffee", "kind": "expense"})
    ana.put("categorization/kinds/amenity=cafe/", {"category": "Coffee"})
    row, attempt = attempt_of(ana, "STARBUCKSCOFFEE4711")
    assert row["category_name"] == "Coffee"
    assert attempt["explanation"].endswith("a known coffee house chain, which you put into Coffee.")


def one(api, name):
    return next(row for row in api.get("categories/", {"page_size": 500}).json()["results"] if row["name"] == name)


def give_keywords(api, name, keywords):
    return api.patch(f"categories/{one(api, name)['id']}/", {"keywords": keywords})


def told(api, text, **fields):
    body = api.post("categorization/suggest/", {"description": text, "use_model": False, **fields}).json()
    return body["category_name"], body["confidence"], body["status"], body["rationale"]


def test_keywords_of_a_system_category_belong_to_one_ledger(ana, ben):
    before, of_ben = one(ana, "Healthcare"), one(ben, "Healthcare")
    assert before["keywords"] == []
    answer = give_keywords(ana, "Healthcare", ["Dentist", "  Dr.  Lenz "])
    after = answer.json()
    assert after == before | {"keywords": ["Dentist", "Dr. Lenz"], "version": after["version"]}
    assert after["version"] > before["version"]
    assert answer["ETag"] == f'"{after["id"]}-{after["version"]}"'
    assert one(ana, "Healthcare") == after
    assert one(ben, "Healthcare") == of_ben
    assert told(ben, "DENTIST MUELLER")[3] != "You chose the keyword “Dentist” for Healthcare."


def test_an_own_category_has_keywords_from_the_start_and_loses_them(ana):
    body = ana.post("categories/", {"name": "Tea", "kind": "expense", "keywords": ["Oolong"]}).json()
    assert body["keywords"] == ["Oolong"]
    assert told(ana, "HAUS OOLONG") == ("Tea", 0.99, "automatic", "You chose the keyword “Oolong” for Tea.")
    renamed = ana.patch(f"categories/{body['id']}/", {"name": "Teas"}).json()
    assert renamed == body | {"name": "Teas", "version": renamed["version"]}
    assert ana.patch(f"categories/{body['id']}/", {"keywords": []}).json()["keywords"] == []
    assert told(ana, "HAUS OOLONG")[0] != "Teas"


@pytest.mark.parametrize(
    ("keywords", "attr", "code", "detail"),
    [
        (["."], "keywords", "invalid", "“.” is too short: a keyword has at least 2 letters or digits."),
        (["a"], "keywords", "invalid", "“a” is too short: a keyword has at least 2 letters or digits."),
        *(
            (
                [text],
                "keywords",
                "invalid",
                f"“{text}” {TOO_LITTLE}",
            )
            for text in ("xq", "12345", "12 ab 34", "Q7")
        ),
        *(
            (
                [text],
                "keywords",
                "invalid",
                f"“{text}” stands in payments of all kinds: add a word that only these payments have.",
            )
            for text in ("der", "Für die", "Anna", "Von der", "SEPA", "Kartenzahlung GmbH")
        ),
        (["a b c d e"], "keywords", "invalid", "“a b c d e” is too long: a keyword has at most 4 words."),
        (
            ["ZAHNÁRZT"],
            "keywords",
            "unique",
            "“ZAHNÁRZT” is a keyword of Healthcare already. Remove it there first.",
        ),
        (
            [f"word {number}" for number in range(101)],
            "keywords",
            "max_length",
            "A category has at most 100 keywords; only a merge gives it more.",
        ),
    ],
)
def test_keywords_that_say_nothing_or_belong_elsewhere_are_refused(ana, keywords, attr, code, detail):
    give_keywords(ana, "Healthcare", ["zahnarzt"])
    answer = give_keywords(ana, "Dining", keywords)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"attr": attr, "code": code, "detail": detail}]
    assert one(ana, "Dining")["keywords"] == []


def test_a_keyword_written_twice_is_kept_once(ana):
    assert give_keywords(ana, "Dining", ["Café", "CAFE", "cafe!", "Bar"]).json()["keywords"] == ["Café", "Bar"]
    assert give_keywords(ana, "Dining", ["Bar", "Café"]).json()["keywords"] == ["Bar", "Café"]


def test_a_stranger_gives_no_keywords(ana, ben):
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()["id"]
    assert ben.patch(f"categories/{own}/", {"keywords": ["tea"]}).status_code == 404


def test_the_list_of_changes_has_categories_with_new_keywords(ana):
    ana.post("expenses/", {"amount": "4", "description": "Tea"})
    since = ana.get("changes/").json()["version"]
    body = give_keywords(ana, "Pets", ["Velowerk"]).json()
    assert ana.get("changes/", {"since": since}).json()["categories"] == [body]


def test_a_merge_moves_keywords(ana):
    tea = ana.post("categories/", {"name": "Tea", "kind": "expense", "keywords": ["Oolong"]}).json()["id"]
    give_keywords(ana, "Dining", ["Bistro"])
    merged = ana.post(f"categories/{tea}/merge/", {"into": "Dining"}).json()
    assert (merged["keywords"], merged["moved"]["keywords"]) == (["Bistro", "Oolong"], 1)


def test_a_merge_may_give_more_keywords_than_can_be_added(ana):
    own, others = [f"tea {number}" for number in range(60)], [f"bar {number}" for number in range(60)]
    tea = ana.post("categories/", {"name": "Tea", "kind": "expense", "keywords": own}).json()["id"]
    give_keywords(ana, "Dining", others)
    merged = ana.post(f"categories/{tea}/merge/", {"into": "Dining"}).json()
    assert merged["keywords"] == others + own
    assert give_keywords(ana, "Dining", merged["keywords"]).json()["keywords"] == others + own
    assert give_keywords(ana, "Dining", others + own[1:]).json()["keywords"] == others + own[1:]
    refused = {
        "attr": "keywords",
        "code": "max_length",
        "detail": "A category has at most 100 keywords; only a merge gives it more.",
    }
    assert give_keywords(ana, "Dining", [*others, *own[1:], "oolong"]).json()["errors"] == [refused]
    assert give_keywords(ana, "Dining", [*others, "oolong"]).json()["keywords"] == [*others, "oolong"]


def test_a_category_with_keywords_alone_is_not_in_use(ana):
    tea = ana.post("categories/", {"name": "Tea", "kind": "expense", "keywords": ["Oolong"]}).json()["id"]
    assert ana.delete(f"categories/{tea}/").status_code == 204
    assert give_keywords(ana, "Dining", ["Oolong"]).status_code == 200


@pytest.mark.parametrize(
    ("text", "confidence", "sentence"),
    [
        ("KARTE 4711 KRUMMER HUND KOELN", 0.99, "You chose the keyword “Krummer Hund” for Pets."),
        ("KRUMMERHUND", 0.98, "“KRUMMERHUND” is your keyword “Krummer Hund” for Pets, written as one word."),
        ("KRMMR HND", 0.96, "“KRMMR HND” is your keyword “Krummer Hund” for Pets, without some of its vowels."),
        ("KRUMMER HU", 0.97, "“KRUMMER HU” is your keyword “Krummer Hund” for Pets, cut short."),
        ("KRUMMMER HUND", 0.98, "“KRUMMMER HUND” is your keyword “Krummer Hund” for Pets, misspelled."),
    ],
)
def test_a_keyword_is_found_whole_and_damaged(ana, text, confidence, sentence):
    give_keywords(ana, "Pets", ["Krummer Hund"])
    assert told(ana, text) == ("Pets", confidence, "automatic", sentence)


@pytest.mark.parametrize("text", ["VET", "Vets", "Corvette", "privet 12"])
def test_a_short_keyword_is_found_only_as_a_whole_word(ana, text):
    give_keywords(ana, "Pets", ["vet"])
    _, attempt = attempt_of(ana, text)
    assert (attempt["outcome"] == "answered") is (text == "VET")


def test_words_of_the_channel_can_be_keywords(ana):
    give_keywords(ana, "Subscriptions", ["SEPA Lastschrift 77"])
    assert told(ana, "SEPA LASTSCHRIFT 77 XYZZY")[:3] == ("Subscriptions", 0.99, "automatic")


def test_the_longer_of_two_keywords_counts(ana):
    give_keywords(ana, "Shopping", ["Apfel"])
    give_keywords(ana, "Subscriptions", ["Apfel Musik"])
    assert told(ana, "APFEL MUSIK 12")[:3] == ("Subscriptions", 0.99, "automatic")
    assert told(ana, "APFEL LADEN")[:3] == ("Shopping", 0.99, "automatic")


@pytest.mark.usefixtures("alone")
def test_keywords_of_two_categories_in_one_text_only_suggest(ana):
    give_keywords(ana, "Healthcare", ["Dentist"])
    give_keywords(ana, "Transport", ["Garage"])
    _, attempt = attempt_of(ana, "GARAGE BY THE DENTIST")
    assert (attempt["category_name"], attempt["confidence"], attempt["outcome"]) == ("Healthcare", 0.495, "unsure")
    assert attempt["explanation"] == (
        "You chose the keyword “Dentist” for Healthcare, but the text also holds “Garage” for Transport."
    )


@pytest.mark.usefixtures("alone")
def test_money_in_under_a_keyword_is_a_refund_only_if_the_text_or_the_client_says_so(ana):
    give_keywords(ana, "Healthcare", ["Dentist"])
    sentence = "You chose the keyword “Dentist” for Healthcare, so money from it is taken for a refund."

    def answer(text, **fields):
        row = ana.post("transactions/", {"amount": "9", "description": text, **fields}).json()
        attempts = ana.get(f"transactions/{row['id']}/explanation/").json()["attempts"]
        found = next(attempt for attempt in attempts if attempt["provider"] == "keywords")
        return found["explanation"], found["confidence"], found["outcome"]

    assert answer("DENTIST LENZ", direction="in") == (sentence, 0.693, "unsure")
    assert answer("REFUND DENTIST LENZ", direction="in") == (sentence, 0.99, "answered")
    assert answer("DENTIST LENZ", kind="refund") == (
        "You chose the keyword “Dentist” for Healthcare.",
        0.99,
        "answered",
    )


def test_a_keyword_of_an_income_category_is_for_money_in(ana):
    give_keywords(ana, "Salary", ["Velowerk"])
    assert told(ana, "VELOWERK", direction="in")[:3] == ("Salary", 0.99, "automatic")
    assert told(ana, "VELOWERK", direction="out")[0] != "Salary"


def test_a_hidden_category_does_not_answer_by_its_keywords(ana):
    give_keywords(ana, "Pets", ["Velowerk"])
    ana.patch(f"categories/{one(ana, 'Pets')['id']}/", {"is_hidden": True})
    assert told(ana, "VELOWERK")[0] != "Pets"


@pytest.mark.usefixtures("alone")
def test_open_rows_are_asked_again_and_touched_ones_are_not(ana, run_tasks):
    rows = {text: ana.post("expenses/", {"amount": "4", "description": text}).json()["id"] for text in ["QWX", "QWY"]}
    untouched, reviewed = (
        ana.post("expenses/", {"amount": "4", "description": f"XYZZY PLUGH {n}"}).json()["id"] for n in (1, 2)
    )
    ana.patch(f"expenses/{reviewed}/", {"category": "Dining"})
    ana.patch(f"expenses/{reviewed}/", {"category": None})
    give_keywords(ana, "Pets", ["Plugh"])
    run_tasks()
    assert ana.get(f"expenses/{untouched}/").json()["category_name"] == "Pets"
    assert ana.get(f"expenses/{untouched}/").json()["categorization"]["source"] == "keywords"
    for other in (reviewed, *rows.values()):
        assert ana.get(f"expenses/{other}/").json()["category"] is None


def test_a_rule_and_the_same_text_confirmed_come_before_keywords(ana):
    give_keywords(ana, "Pets", ["Plugh"])
    ana.post("expenses/", {"amount": "4", "description": "XYZZY PLUGH", "category": "Dining"})
    assert told(ana, "XYZZY PLUGH")[0] == "Dining"
    assert told(ana, "PLUGH XYZZY")[0] == "Pets"


def test_keywords_come_with_the_categories_in_one_query(ana, django_assert_num_queries):
    ledger_id = ledger_id_of(ana.user)
    for expected in (set(), {"plugh"}):
        with django_assert_num_queries(1):
            assert set(Catalog.load(ledger_id).keywords) == expected
        give_keywords(ana, "Pets", ["Plugh"])


def suggestions_of(api, name):
    return api.get(f"categories/{one(api, name)['id']}/keywords/suggestions/").json()


def test_keywords_are_suggested_from_confirmed_rows(ana, ben):
    texts = {
        "Dining": ["KRUMMER HUND KOELN 1", "KRUMMER HUND GBR BONN 2", "PLUGH BAR 12", "PLUGH BAR 13", "QWYZ ONCE"],
        "Pets": ["PFOTE NORD", "PFOTE SUED", "VELOWERK HUND 7", "PLUGH TIER"],
    }
    for category, descriptions in texts.items():
        for description in descriptions:
            ana.post("expenses/", {"amount": "4", "description": description, "category": category})
    assert suggestions_of(ana, "Dining") == {
        "results": [
            {
                "keyword": "krummer hund",
                "n": 2,
                "n_elsewhere": 0,
                "examples": ["KRUMMER HUND KOELN 1"],
            },
            {"keyword": "plugh bar", "n": 2, "n_elsewhere": 0, "examples": ["PLUGH BAR 13"]},
        ]
    }
    assert [found["keyword"] for found in suggestions_of(ana, "Pets")["results"]] == ["pfote"]
    assert suggestions_of(ana, "Travel") == suggestions_of(ben, "Dining") == {"results": []}
    give_keywords(ana, "Dining", ["Plugh Bar"])
    assert [found["keyword"] for found in suggestions_of(ana, "Dining")["results"]] == ["krummer hund"]


def test_a_stranger_gets_no_suggestions(ana, ben):
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()["id"]
    assert ben.get(f"categories/{own}/keywords/suggestions/").status_code == 404


HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95}
KEYWORDS = {"BACKEND": "expenses.categorization.keywords.KeywordProvider", "MIN_CONFIDENCE": 0.95}


@pytest.mark.parametrize(
    ("text", "found_in", "damage"),
    [
        ("ZWOLFTERHUND KOELN 12", "ZWOLFTERHUND", "written as one word"),
        ("ZWLFTER HUND", "ZWLFTER HUND", "misspelled"),
        ("ZWLFTR HND 12", "ZWLFTR HND", "without some of its vowels"),
    ],
)
def test_names_that_were_confirmed_are_found_damaged(ana, ben, run_tasks, use_chain, text, found_in, damage):
    use_chain(HISTORY, KEYWORDS)
    for number in (1, 2):
        ana.post("expenses/", {"amount": "4", "description": f"ZWOLFTER HUND GBR {number}", "category": "Pets"})
    run_tasks()
    row, attempt = attempt_of(ana, text)
    assert row["category"] is None
    suggestion = row["categorization"]["suggestion"]
    assert (suggestion["category_name"], suggestion["source"]) == ("Pets", "keywords")
    assert suggestion["confidence"] <= 0.8  # as of the same two words undamaged
    sentence = f"“{found_in}” is zwolfter hund, {damage}, which you put into Pets twice."
    assert attempt["explanation"] == sentence
    assert attempt_of(ben, text)[1]["outcome"] == "declined"
    income = ana.post("transactions/", {"amount": "4", "direction": "in", "description": text}).json()
    assert income["category"] is None


def test_a_name_that_was_confirmed_once_does_not_decide_when_it_is_cut(ana, run_tasks, use_chain):
    use_chain(HISTORY, KEYWORDS)
    ana.post("expenses/", {"amount": "4", "description": "KIOSK SONNENBERG KOELN", "category": "Pets"})
    run_tasks()
    row, attempt = attempt_of(ana, "KIOSK SONNEN")
    assert row["categorization"]["status"] == "suggested"
    assert attempt["explanation"] == "“KIOSK SONNEN” is kiosk sonnenberg, cut short, which you put into Pets once."
    assert attempt["confidence"] <= 0.8


def test_names_that_were_gone_for_a_moment_are_found_again(ana, run_tasks, use_chain):
    use_chain(HISTORY, KEYWORDS)
    ana.post("expenses/", {"amount": "4", "description": "ZWOLFTER HUND MOMENT", "category": "Pets"})
    run_tasks()
    owner = ledger_id_of(ana.user)
    catalog = Catalog.load(owner)
    question = Question("ZWLFTER HUND", catalog.offered("out", None), owner, trust=catalog.trust)
    kept = ConfirmedTexts.objects.get(pk=owner)
    ConfirmedTexts.objects.all().delete()
    assert KeywordProvider().categorize_many([question]) == [None]
    kept.save(force_insert=True)
    [answer] = KeywordProvider().categorize_many([question])
    assert isinstance(answer, Suggestion)
    assert answer.category == one(ana, "Pets")["id"]


def test_a_track_record_is_read_without_the_texts_of_confirmed_rows(ana, run_tasks):
    ana.post("expenses/", {"amount": "4", "description": "ZWOLFTER HUND", "category": "Pets"})
    run_tasks()
    texts = ConfirmedTexts.objects.values_list("texts", flat=True).get()
    assert texts == [["out", "zwolfter hund", one(ana, "Pets")["id"], 1]]
    assert "zwolfter" not in str(TrackRecord.objects.values().get())


def test_a_name_with_different_categories_is_not_found_damaged(ana, run_tasks, use_chain):
    use_chain(HISTORY, KEYWORDS)
    for category in ("Pets", "Dining"):
        ana.post("expenses/", {"amount": "4", "description": "ZWOLFTER HUND", "category": category})
    run_tasks()
    assert attempt_of(ana, "ZWOLFTERHUND")[1]["outcome"] == "declined"


def test_who_was_taught_a_name_finds_it_damaged(ana):
    owner = ledger_id_of(ana.user)
    offered = Catalog.load(owner).offered("out", None)
    pets = one(ana, "Pets")["id"]
    asked = Question("ZWLFTER HUND", offered, owner)
    taught = KeywordProvider().learn([LabeledQuestion(Question("Zwolfter Hund 1", offered, owner), pets)])
    [answer] = taught.categorize_many([asked])
    assert isinstance(answer, Suggestion)
    assert (answer.category, answer.explanation) == (
        pets,
        "“ZWLFTER HUND” is zwolfter hund, misspelled, which you put into Pets once.",
    )
    assert (answer.evidence, answer.is_pooled) == ("leading_words", True)
    assert KeywordProvider().categorize_many([asked]) == [None]
