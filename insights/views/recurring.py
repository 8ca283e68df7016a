"""Recurring payments over HTTP."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of, membership_of
from expenses.serializers.rates import cut_rates
from expenses.views.base import NO_CURSOR, LedgerViewSet
from insights.models import RecurringPayment, RecurringVerdict
from insights.querysets import payee_of_row
from insights.serializers.freshness import FOR_RECURRING, describe_freshness
from insights.serializers.recurring import (
    RecurringChoiceInput,
    RecurringDetailSerializer,
    RecurringEntry,
    RecurringListSerializer,
    RecurringQuery,
    RecurringSerializer,
    total_costs,
)
from insights.services.feedback import choices_by_payment, choose, take_back
from insights.services.refreshing import refresh_soon


class RecurringViewSet(LedgerViewSet):
    """Subscriptions, bills and salaries: payments that recur, when the next is due, and your verdict on them."""

    queryset = RecurringPayment.objects.all()
    serializer_class = RecurringListSerializer

    @extend_schema(
        operation_id="recurring_list", parameters=[RecurringQuery, NO_CURSOR], responses=RecurringListSerializer
    )
    def list(self, request: Request) -> Response:
        """List recurring payments. The next due comes first. `is_stale` says that a worker computes them now."""
        query = self.checked(RecurringQuery, data=request.query_params)
        ledger = membership_of(self.user).ledger
        state = refresh_soon(ledger)
        fresh = cut_rates(describe_freshness(ledger, state, lack=FOR_RECURRING), request=request)
        choices = choices_by_payment(ledger_id=ledger.pk)
        entries = [RecurringEntry(row, choices.get(row.pk)) for row in self.get_queryset()]
        entries = [entry for entry in entries if _is_wanted(entry, query.validated_data)]
        # The next due first, ended ones last.
        entries.sort(key=lambda one: (one.row.next_on or dt.date.max, -one.row.confidence, one.row.pk))
        page: Any = self.paginate_queryset(entries)
        answer = self.get_paginated_response(RecurringSerializer(self._named(page), many=True).data)
        answer.data |= {"totals": total_costs(entries, currency=fresh["currency"] or ledger.founder.base_currency)}
        answer.data |= {**fresh, "recorded_until": state.recorded_until if state else None}
        return answer

    @extend_schema(operation_id="recurring_retrieve", responses=RecurringDetailSerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Get a recurring payment. Its transactions are in it, the oldest first."""
        refresh_soon(membership_of(self.user).ledger)
        [entry] = self._named([self._entry()])
        rows = self._transactions(entry.row.payments)
        payments = [rows[pk] for pk in entry.row.payments if pk in rows]
        return Response(RecurringDetailSerializer(replace(entry, payments=payments)).data)

    @extend_schema(operation_id="recurring_choose", request=RecurringChoiceInput, responses=RecurringSerializer)
    def choose(self, request: Request, pk: int) -> Response:
        """Judge a recurring payment.

        Confirm, name or reject it. Your verdict holds for good, also when the payment is found again.
        """
        body = self.checked(RecurringChoiceInput)
        with self.locked():
            row = self.get_object()
            choice = choose(by=self.user, payment=row, **body.validated_data)
        [entry] = self._named([RecurringEntry(row, choice)])
        return Response(RecurringSerializer(entry).data)

    @extend_schema(operation_id="recurring_choice_destroy", request=None, responses={204: None})
    def take_back(self, request: Request, pk: int) -> Response:
        """Delete your verdict."""
        with self.locked():
            entry = self._entry()
            if entry.choice is None:
                raise Http404
            take_back(by=self.user, feedback=entry.choice)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _entry(self) -> RecurringEntry:
        """Return the recurring payment at the address."""
        row = self.get_object()
        return RecurringEntry(row, choices_by_payment(ledger_id=ledger_id_of(self.user)).get(row.pk))

    def _named(self, entries: Sequence[RecurringEntry]) -> Sequence[RecurringEntry]:
        """Name payees as their last transactions do, and categories."""
        rows = self._transactions([entry.row.payments[-1] for entry in entries])
        named = []
        for entry in entries:
            last = rows.get(entry.row.payments[-1])
            category = self.catalog.categories.get(entry.row.category_id or 0)
            payee = payee_of_row(last) if last else entry.row.payee
            named.append(replace(entry, payee=payee, category_name=category.display_name if category else None))
        return named

    def _transactions(self, ids: Sequence[int]) -> dict[int, Transaction]:
        rows = Transaction.objects.for_user(self.user).filter(pk__in=ids)
        return {row.pk: row for row in rows.only("date", "amount", "currency", "description", "merchant", "match_text")}


def _is_wanted(entry: RecurringEntry, query: dict[str, Any]) -> bool:
    if "verdict" not in query and entry.verdict == RecurringVerdict.REJECTED:
        return False
    row = entry.row
    if "due_until" in query and (row.next_on is None or row.next_on > query["due_until"]):
        return False
    own: dict[str, Any] = {"verdict": entry.verdict, "status": entry.status, "kind": row.kind, "rhythm": row.rhythm}
    own |= {"category": row.category_id}
    return all(own[name] == getattr(value, "pk", value) for name, value in query.items() if name in own)
