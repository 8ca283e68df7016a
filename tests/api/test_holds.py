"""Values that a user wrote stay, whatever else writes and however similar the rows are."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from expenses.models import Transaction as Row
from expenses.services.deferred import next_awaiting, resolve_rows
from providers.interface import Answer, Question
from tests.api.bulk import body_of, record
from tests.api.rule_bodies import apply, does, save, text
from tests.fakes import ScriptedProvider

pytestmark = pytest.mark.usefixtures("silent_chain")


def test_of_two_rows_alike_the_held_one_stays(ana):
    mine, other = record(ana, {"notes": ""}, {"notes": ""})
    ana.patch(f"transactions/{mine}/", {"notes": "x"})
    ana.patch(f"transactions/{mine}/", {"notes": ""})
    save(ana, text(), actions=does(set_notes="by rule"))
    assert apply(ana)["counts"] == {"matched": 2, "changed": 1, "left_alone": 1}
    assert [body_of(ana, pk)["notes"] for pk in (mine, other)] == ["", "by rule"]


def test_a_removed_tag_stays_off_after_a_merge(ana):
    (pk,) = record(ana, {"tags": ["old"]})
    ana.patch(f"transactions/{pk}/", {"tags": []})
    save(ana, text(), actions=does(add_tags=["old"]))
    tags = {tag["name"]: tag["id"] for tag in ana.get("tags/").json()["results"]}
    ana.post("tags/", {"name": "new"})
    assert ana.post(f"tags/{tags['old']}/merge/", {"into": "new"}).status_code == 200
    assert apply(ana)["counts"] == {"matched": 1, "changed": 0, "left_alone": 1}
    assert body_of(ana, pk)["tags"] == []


class Meanwhile(ScriptedProvider):
    """A model that takes so long that somebody edits the row."""

    edit: ClassVar[Callable[[], Any]]

    def categorize_many(self, transactions: Sequence[Question]) -> Sequence[Answer]:
        type(self).edit()
        return [None for _ in transactions]


def test_what_a_person_wrote_while_the_model_was_asked_stays(ana, use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"}, {"BACKEND": f"{__name__}.Meanwhile", "DEFERRED": True})
    (pk,) = record(ana, {"ai_classify": True, "tags": ["old"]})
    assert body_of(ana, pk)["categorization"]["status"] == "pending"
    wanted = does(set_notes="by rule", set_merchant="Rule", set_description="Luna", add_tags=["old", "new"])
    save(ana, text(), actions=wanted)
    Meanwhile.edit = lambda: ana.patch(f"transactions/{pk}/", {"notes": "mine", "merchant": "Mine", "tags": []})
    resolve_rows(next_awaiting(ledger_id=Row.objects.get(pk=pk).ledger_id))
    body = body_of(ana, pk)
    assert [body[name] for name in ("notes", "merchant", "description", "tags")] == ["mine", "Mine", "Luna", ["new"]]
