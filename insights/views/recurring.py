"""Recurring payments over HTTP."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of, membership_of
from expenses.views.base import LedgerViewSet
from insights.models import RecurringPayment, RecurringVerdict
from insights.recurring_bodies import (
    RecurringChoiceInput,
    RecurringDetailSerializer,
    RecurringListSerializer,
    RecurringQuery,
    RecurringSerializer,
    Shown,
    describe_costs,
    describe_payment,
    describe_recurring,
)
from insights.serializers.freshness import describe_freshness
from insights.serializers.parameters import NO_CURSOR
from insights.services.feedback import choices_by_payment, choose, take_back
from insights.services.refreshing import refresh_soon
from insights.views.rendering import KnownFormatsMixin

Bodies = list[dict[str, Any]]
FRESHNESS = ("currency", "computed_at", "is_stale", "n_unconverted")


class RecurringViewSet(KnownFormatsMixin, LedgerViewSet):
    """Subscriptions, bills, salaries: what comes again and again, when the next is due, and what you say of it."""

    queryset = RecurringPayment.objects.all()
    serializer_class = RecurringListSerializer

    @extend_schema(
        operation_id="recurring_list", parameters=[RecurringQuery, NO_CURSOR], responses=RecurringListSerializer
    )
    def list(self, request: Request) -> Response:
        """The next due first. A worker finds them: after a change `is_stale` says that it is still at it."""
        asked = RecurringQuery(data=request.query_params, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        ledger = membership_of(self.user).ledger
        standing = refresh_soon(ledger)
        fresh = describe_freshness(ledger, standing)
        found = [one for one in self._shown(self.get_queryset()) if _is_wanted(one, asked.validated_data)]
        page: Any = self.paginate_queryset(sorted(found, key=_when_due))
        answer = self.get_paginated_response(self._described(page))
        answer.data |= {"totals": describe_costs(found, currency=fresh["currency"] or ledger.founder.base_currency)}
        answer.data |= {name: fresh[name] for name in FRESHNESS}
        answer.data |= {"recorded_until": standing.recorded_until if standing else None}
        return answer

    @extend_schema(operation_id="recurring_retrieve", responses=RecurringDetailSerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        """One of them, with its payments, the oldest first."""
        refresh_soon(membership_of(self.user).ledger)
        [one] = self._shown([self.get_object()])
        [body] = self._described([one])
        rows = self._transactions(one.row.payments)
        return Response(body | {"payments": [describe_payment(rows[pk]) for pk in one.row.payments if pk in rows]})

    @extend_schema(operation_id="recurring_choose", request=RecurringChoiceInput, responses=RecurringSerializer)
    def choose(self, request: Request, pk: int) -> Response:
        """Confirm it, name it, or reject it; it holds for good, however often it is found again."""
        body = RecurringChoiceInput(data=request.data)
        body.is_valid(raise_exception=True)
        with self.locked():
            row = self.get_object()
            choice = choose(by=self.user, payment=row, **body.validated_data)
        return Response(self._described([Shown(row, choice)])[0])

    @extend_schema(operation_id="recurring_choice_destroy", request=None, responses={204: None})
    def take_back(self, request: Request, pk: int) -> Response:
        """As if you had said nothing."""
        with self.locked():
            [one] = self._shown([self.get_object()])
            if one.choice is None:
                raise Http404
            take_back(by=self.user, feedback=one.choice)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, rows: Iterable[RecurringPayment]) -> Sequence[Shown]:
        said = choices_by_payment(ledger_id=ledger_id_of(self.user))
        return [Shown(row, said.get(row.pk)) for row in rows]

    def _described(self, found: Sequence[Shown]) -> Bodies:
        rows = self._transactions([one.row.payments[-1] for one in found])
        names = {pk: row.merchant or row.description for pk, row in rows.items()}
        return [describe_recurring(one, self.catalog, names) for one in found]

    def _transactions(self, ids: Sequence[int]) -> dict[int, Transaction]:
        rows = Transaction.objects.for_user(self.user).filter(pk__in=ids)
        return {row.pk: row for row in rows.only("date", "amount", "currency", "description", "merchant")}


def _is_wanted(one: Shown, asked: dict[str, Any]) -> bool:
    if "verdict" not in asked and one.verdict == RecurringVerdict.REJECTED:
        return False
    if "due_until" in asked and (one.row.next_on is None or one.row.next_on > asked["due_until"]):
        return False
    row = one.row
    own: dict[str, Any] = {"verdict": one.verdict, "status": one.status, "kind": row.kind, "rhythm": row.rhythm}
    own |= {"category": row.category_id}
    wanted = {name: getattr(value, "pk", value) for name, value in asked.items() if name in own}
    return all(own[name] == value for name, value in wanted.items())


def _when_due(one: Shown) -> tuple[dt.date, float, int]:
    """What has ended comes last."""
    return one.row.next_on or dt.date.max, -one.row.confidence, one.row.pk
