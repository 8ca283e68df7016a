"""A person tells into which of their categories a kind of shop goes."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Category, KindMapping
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("dictionary")

LIST = "categorization/kinds/"
SUPERMARKET = "categorization/kinds/shop=supermarket/"
GROCERIES = "categorization/kinds/groceries/"
FOOD = {"name": "Lebensmittel", "kind": "expense"}


@pytest.fixture
def dictionary(use_chain):
    use_chain({"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8, "OPTIONS": {"country": "DE"}})


@pytest.fixture
def food(ana):
    """The id of a category of Ana's own."""
    return ana.post("categories/", FOOD).json()["id"]


def default(key):
    return Category.objects.get(key=key).pk


def put(api, kind, category):
    answer = api.put(f"{LIST}{kind}/", {"category": category})
    assert answer.status_code == 200, answer.json()
    return answer.json()


def kinds(api, **narrowed):
    answer = api.get(LIST, narrowed)
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


def answer_to(api, description, **fields):
    """The name of the category that the chain answers, and why."""
    body = api.post("categorization/suggest/", {"description": description, **fields}).json()
    return body["category_name"], body["rationale"]


SUPERMARKETS = {
    "kind": "shop=supermarket",
    "label": "supermarket chain",
    "group": "groceries",
    "category_name": "Groceries",
    "is_mapped": False,
}


def test_every_kind_is_listed_under_its_group_with_the_category_of_the_system(ana):
    found = kinds(ana)
    assert len(found) > 250
    assert found[0] == {
        "kind": "groceries",
        "label": "Groceries",
        "group": "groceries",
        "category": default("groceries"),
        "category_name": "Groceries",
        "is_mapped": False,
    }
    assert found[1] == SUPERMARKETS | {"category": default("groceries")}
    assert {"amenity=bank", "refund", "other"}.isdisjoint(kind["kind"] for kind in found)
    assert "salary" in [kind["kind"] for kind in found]


def test_a_kind_is_put_into_a_category_by_name_or_id_and_released(ana, food):
    unmapped = SUPERMARKETS | {"category": default("groceries")}
    assert ana.get(SUPERMARKET).json() == unmapped
    mapped = SUPERMARKETS | {"category": food, "category_name": "Lebensmittel", "is_mapped": True}
    assert put(ana, "shop=supermarket", "lebensmittel") == mapped
    assert put(ana, "shop=supermarket", food) == mapped
    assert ana.get("categorization/kinds/shop%3Dsupermarket/").json() == mapped
    assert kinds(ana, mapped=True) == [mapped]
    answer = ana.delete(SUPERMARKET)
    assert (answer.status_code, answer.content) == (204, b"")
    assert ana.get(SUPERMARKET).json() == unmapped
    assert ana.delete(SUPERMARKET).status_code == 204
    assert kinds(ana, mapped="true") == []


def test_a_kind_follows_its_group_until_it_has_a_category_of_its_own(ana, food):
    put(ana, "groceries", food)
    following = SUPERMARKETS | {"category": food, "category_name": "Lebensmittel"}
    assert ana.get(SUPERMARKET).json() == following
    put(ana, "shop=supermarket", "Dining")
    assert ana.get(SUPERMARKET).json()["category_name"] == "Dining"
    ana.delete(SUPERMARKET)
    assert ana.get(SUPERMARKET).json() == following


def test_silence_is_kept(ana):
    silent = SUPERMARKETS | {"category": None, "category_name": None, "is_mapped": True}
    assert put(ana, "shop=supermarket", None) == silent == ana.get(SUPERMARKET).json()
    assert put(ana, "groceries", None)["category"] is None
    assert ana.get("categorization/kinds/shop=bakery/").json()["category"] is None


def test_what_is_shown_can_be_sent_back(ana, food):
    shown = put(ana, "shop=supermarket", food)
    assert ana.put(SUPERMARKET, shown).json() == shown


def test_putting_a_kind_again_where_it_is_changes_nothing(ana, food):
    put(ana, "shop=supermarket", food)
    before = KindMapping.objects.values().get()
    put(ana, "shop=supermarket", food)
    assert KindMapping.objects.values().get() == before
    put(ana, "shop=supermarket", None)
    after = KindMapping.objects.values().get()
    assert after == before | {"category_id": None, "version": after["version"]}
    assert after["version"] > before["version"]


@pytest.mark.parametrize(
    ("narrowed", "first", "n"),
    [
        ({"group": "pets"}, "pets", 5),
        ({"search": "PET chain"}, "shop=pet", 1),
        ({"search": "lebens"}, "shop=supermarket", 1),
        ({"search": "veterinary", "group": "pets"}, "amenity=veterinary", 1),
        ({"mapped": "true"}, "shop=supermarket", 1),
        ({"mapped": "false", "group": "groceries", "search": "chain"}, "online=convenience", None),
    ],
)
def test_the_list_is_narrowed(ana, food, narrowed, first, n):
    put(ana, "shop=supermarket", food)
    found = kinds(ana, **narrowed)
    assert found[0]["kind"] == first
    assert n is None or len(found) == n


@pytest.mark.parametrize(
    ("narrowed", "attr", "code"),
    [
        ({"grup": "pets"}, "grup", "unknown"),
        ({"group": "pet"}, "group", "invalid_choice"),
        ({"mapped": "perhaps"}, "mapped", "invalid"),
        ({"page": "2"}, "page", "unknown"),
    ],
)
def test_what_cannot_narrow_the_list_is_named(ana, narrowed, attr, code):
    assert_problem(ana.get(LIST, narrowed), 400, (attr, code))


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "category", "required"),
        ({"category": "Nonsense"}, "category", "does_not_exist"),
        ({"category": 10**17}, "category", "does_not_exist"),
        ({"category": ["Dining"]}, "category", "invalid"),
        ({"category": "Pets"}, "category", "hidden"),
        ({"category": "Dining", "categori": "Dining"}, "categori", "unknown"),
    ],
)
def test_a_wrong_body_is_named_and_nothing_is_kept(ana, body, attr, code):
    ana.patch(f"categories/{default('pets')}/", {"is_hidden": True})
    assert_problem(ana.put(SUPERMARKET, body), 400, (attr, code))
    assert not KindMapping.objects.exists()


@pytest.mark.parametrize("kind", ["shop=nonsense", "amenity=bank", "refund", "nonsense"])
def test_an_unknown_kind_is_not_there(ana, kind):
    for method, body in (("get", None), ("put", {"category": "Dining"}), ("delete", None)):
        assert ana.request(method, f"{LIST}{kind}/", body).status_code == 404


def test_a_stranger_has_kinds_of_their_own_and_no_category_of_mine(ana, ben, food):
    put(ana, "shop=supermarket", food)
    assert ben.get(SUPERMARKET).json() == SUPERMARKETS | {"category": default("groceries")}
    for wanted in (food, "Lebensmittel"):
        assert_problem(ben.put(SUPERMARKET, {"category": wanted}), 400, ("category", "does_not_exist"))
    put(ben, "shop=supermarket", None)
    ben.delete(SUPERMARKET)
    assert kinds(ana, mapped=True)[0]["category"] == food


def test_a_viewer_sees_where_kinds_are_and_puts_them_nowhere_and_an_editor_does(ana, food, join_ledger_of):
    mapped = put(ana, "shop=supermarket", food)
    viewer, editor = (join_ledger_of(ana, role, role) for role in ("viewer", "editor"))
    assert viewer.get(SUPERMARKET).json() == mapped == kinds(viewer, mapped=True)[0]
    assert viewer.put(SUPERMARKET, {"category": None}).status_code == 403
    assert viewer.delete(SUPERMARKET).status_code == 403
    assert ana.get(SUPERMARKET).json() == mapped
    assert put(editor, "shop=supermarket", None) == ana.get(SUPERMARKET).json()


def test_the_list_and_a_kind_are_sent_once_while_nothing_changes(ana, food):
    for address in (LIST, SUPERMARKET):
        tag = ana.get(address)["ETag"]
        assert ana.get(address, headers={"If-None-Match": tag}).status_code == 304
        put(ana, "groceries", food if address == LIST else None)
        assert ana.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_kind_that_was_put_elsewhere_meanwhile_is_left_alone(ana, food):
    tag = ana.get(SUPERMARKET)["ETag"]
    put(ana, "groceries", food)
    for method, body in (("put", {"category": "Dining"}), ("delete", None)):
        answer = ana.request(method, SUPERMARKET, body, headers={"If-Match": tag})
        assert_problem(answer, 412, (None, "changed_meanwhile"))
    fresh = ana.get(SUPERMARKET)["ETag"]
    answer = ana.put(SUPERMARKET, {"category": "Dining"}, headers={"If-Match": fresh})
    assert (answer.status_code, answer["ETag"]) == (200, ana.get(SUPERMARKET)["ETag"])


def test_suggestions_answer_with_the_category_of_the_kind(ana, food):
    assert answer_to(ana, "REWE SAGT DANKE 4711") == ("Groceries", "Rewe is a known supermarket chain.")
    put(ana, "shop=supermarket", food)
    assert answer_to(ana, "REWE SAGT DANKE 4711") == (
        "Lebensmittel",
        "Rewe is a known supermarket chain, which you put into Lebensmittel.",
    )
    ana.delete(SUPERMARKET)
    assert answer_to(ana, "REWE SAGT DANKE 4711")[0] == "Groceries"


def test_a_group_takes_along_its_words(ana, food):
    put(ana, "shop=bakery", food)
    assert answer_to(ana, "Bäckerei Sonnenschein")[0] == "Groceries"
    put(ana, "groceries", food)
    assert answer_to(ana, "Bäckerei Sonnenschein") == (
        "Lebensmittel",
        "The word “backerei” stands for what you put into Lebensmittel.",
    )


def test_a_new_row_gets_the_category_of_its_kind(ana, food):
    put(ana, "groceries", food)
    row = ana.post("expenses/", {"amount": "45.50", "description": "REWE 4711", "ai_classify": True}).json()
    assert (row["category"], row["categorization"]["status"]) == (food, "automatic")
    assert row["categorization"]["source"] == "merchants"
    assert row["categorization"]["explanation"] == "Rewe is a known supermarket chain, which you put into Lebensmittel."


def test_an_imported_row_gets_the_category_of_its_kind(ana, food, run_tasks):
    put(ana, "shop=supermarket", food)
    ana.post("accounts/", {"name": "Checking", "currency": "EUR", "country": "DE"})
    text = b"Date;Payee;Amount;Currency\n2026-11-13;REWE 12;-5.50;EUR\n2026-11-14;Shell 0815;-40;EUR\n"
    file = SimpleUploadedFile("one.csv", text, "text/csv")
    ana.post("imports/", {"file": file, "account": "Checking", "commit": True}, format="multipart")
    run_tasks()
    rows = ana.get("expenses/", {"ordering": "date"}).json()["results"]
    assert [row["category_name"] for row in rows] == ["Lebensmittel", "Transport"]


def test_a_row_without_an_answer_for_its_kind_waits_for_you(ana):
    put(ana, "shop=supermarket", None)
    row = ana.post("expenses/", {"amount": "45.50", "description": "REWE 4711"}).json()
    assert (row["category"], row["categorization"]["status"]) == (None, "none")


def test_a_category_that_was_hidden_since_is_not_answered_nor_is_the_default(ana, food):
    put(ana, "shop=supermarket", food)
    ana.patch(f"categories/{food}/", {"is_hidden": True})
    assert answer_to(ana, "REWE 4711")[0] is None
    assert ana.get(SUPERMARKET).json()["category"] == food
    ana.patch(f"categories/{food}/", {"is_hidden": False})
    assert answer_to(ana, "REWE 4711")[0] == "Lebensmittel"


def test_money_out_is_never_answered_with_a_category_of_income(ana):
    sold = ana.post("categories/", {"name": "Flea market", "kind": "income"}).json()["id"]
    put(ana, "groceries", sold)
    assert answer_to(ana, "REWE 4711", direction="out")[0] is None
    assert answer_to(ana, "REWE 4711", direction="in")[0] == "Flea market"


def test_what_takes_the_place_of_a_category_takes_its_kinds(ana, food):
    put(ana, "shop=supermarket", food)
    put(ana, "shop=pet", "Pets")
    refused = ana.delete(f"categories/{food}/")
    assert "(kinds of shops: 1)" in assert_problem(refused, 409, (None, "in_use"))["detail"]
    merged = ana.post(f"categories/{food}/merge/", {"into": "Dining"}).json()
    assert merged["moved"]["kinds"] == 1
    found = kinds(ana, mapped=True)
    assert [(kind["kind"], kind["category_name"]) for kind in found] == [
        ("shop=supermarket", "Dining"),
        ("shop=pet", "Pets"),
    ]


def test_a_replacement_takes_its_kinds_and_a_released_one_lets_it_go(ana, ben, food):
    put(ana, "shop=supermarket", food)
    put(ben, "shop=supermarket", "Dining")
    of_ben = kinds(ben, mapped=True)
    assert ana.delete(f"categories/{food}/?replacement=Shopping").status_code == 204
    assert [kind["category_name"] for kind in kinds(ana, mapped=True)] == ["Shopping"]
    assert kinds(ben, mapped=True) == of_ben
    tea = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()["id"]
    put(ana, "shop=tea", tea)
    ana.delete("categorization/kinds/shop=tea/")
    assert ana.delete(f"categories/{tea}/").status_code == 204


def test_a_new_name_of_a_category_shows_in_its_kinds(ana, food):
    put(ana, "shop=supermarket", food)
    tag = ana.get(SUPERMARKET)["ETag"]
    ana.patch(f"categories/{food}/", {"name": "Food"})
    answer = ana.get(SUPERMARKET, headers={"If-None-Match": tag})
    assert answer.json()["category_name"] == "Food"


class TestAfterMuchWasLearned:
    """The mapping of a kind counts more than earlier choices for its shops."""

    NEW_BRAND = "Netto Marken-Discount"

    @pytest.fixture(autouse=True)
    def _learned(self, ana, dictionary, use_chain, run_tasks):
        use_chain(
            {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95},
            {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.6},
            {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.6, "OPTIONS": {"country": "DE"}},
        )
        ana.post("categories/", {"name": "Food", "kind": "expense"})
        for i in range(30):
            body = {"amount": "9.90", "currency": "EUR", "date": f"2026-05-{1 + i:02}", "category": "Groceries"}
            brand = ("REWE", "EDEKA", "Lidl")[i % 3]
            assert ana.post("expenses/", body | {"description": f"{brand} Filiale {i}"}).status_code == 201
        run_tasks()

    def ask(self, api):
        answer = api.post("categorization/suggest/", {"description": self.NEW_BRAND, "direction": "out"}).json()
        return answer["category_name"], answer["source"], answer["status"], answer

    def test_a_new_brand_is_answered_by_what_was_learned(self, ana):
        name, source, status, answer = self.ask(ana)
        assert (name, source, status) == ("Groceries", "learned", "automatic")
        assert "is a known" in answer["rationale"]
        assert ", as learned from 30 transactions that you confirmed." in answer["rationale"]

    @pytest.mark.parametrize("kind", ["groceries", "shop=supermarket"])
    def test_until_its_kind_or_group_is_put_into_another_category(self, ana, kind, run_tasks):
        put(ana, kind, "Food")
        for _ in range(2):  # before the worker learns that, and after
            name, source, status, answer = self.ask(ana)
            assert (name, source, status) == ("Food", "merchants", "automatic")
            assert [one["outcome"] for one in answer["attempts"][:2]] == ["declined", "declined"]
            run_tasks()

    def test_or_is_to_be_answered_with_nothing(self, ana, run_tasks):
        put(ana, "groceries", None)
        for _ in range(2):
            assert self.ask(ana)[:3] == (None, None, "none")
            run_tasks()

    def test_and_again_once_it_is_released(self, ana):
        put(ana, "groceries", None)
        assert ana.delete(GROCERIES).status_code == 204
        assert self.ask(ana)[:2] == ("Groceries", "learned")
