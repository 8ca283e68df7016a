"""Recurring payments over HTTP."""

from dataclasses import replace
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models.ledgers import ledger_id_of, membership_of
from expenses.serializers.rates import cut_rates
from expenses.views.base import NO_CURSOR, LedgerViewSet
from insights.models import RecurringPayment
from insights.serializers.freshness import FOR_RECURRING, describe_freshness
from insights.serializers.recurring import (
    RecurringChoiceInput,
    RecurringDetailSerializer,
    RecurringListSerializer,
    RecurringQuery,
    RecurringSerializer,
)
from insights.services.feedback import choices_by_payment, choose, take_back
from insights.services.recurring_list import RecurringEntry, list_recurring, name_recurring, payments_of, total_costs
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
        entries = list_recurring(ledger_id=ledger.pk, query=query.validated_data)
        page: Any = self.paginate_queryset(entries)
        answer = self.get_paginated_response(
            RecurringSerializer(name_recurring(page, catalog=self.catalog), many=True).data
        )
        answer.data |= {"totals": total_costs(entries, currency=fresh["currency"] or ledger.founder.base_currency)}
        answer.data |= {**fresh, "recorded_until": state.recorded_until if state else None}
        return answer

    @extend_schema(operation_id="recurring_retrieve", responses=RecurringDetailSerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Get a recurring payment. Its transactions are in it, the oldest first."""
        refresh_soon(membership_of(self.user).ledger)
        [entry] = name_recurring([self._entry()], catalog=self.catalog)
        rows = payments_of(entry.row.payments, ledger_id=ledger_id_of(self.user))
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
        [entry] = name_recurring([RecurringEntry(row, choice)], catalog=self.catalog)
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
