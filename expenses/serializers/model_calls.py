"""Calls of the model in the API, and their filters."""

import datetime as dt
import re
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from expenses.ledger.dates import EARLIEST, ISO_DAY, LATEST
from expenses.models import ModelCall, Transaction
from expenses.querysets import OwnedQuerySet
from expenses.serializers.filters import HelpfulFilterSet
from providers.ollama.calls import CallOutcome, Purpose

PURPOSES = [str(purpose) for purpose in Purpose]
OUTCOMES = [str(outcome) for outcome in CallOutcome]
MOMENT = "Write a day as 2026-11-02, or an instant with its offset as 2026-11-02T09:30:00Z."


#: Words of a search, each of which reads all texts.
MOST_WORDS = 10


class ModelCallSerializer(serializers.Serializer[ModelCall]):
    """One call of the model: the exact text that left this process, and what came back."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField(help_text="The instant before the text was sent.")
    purpose = serializers.ChoiceField(choices=PURPOSES)
    endpoint = serializers.CharField()
    model = serializers.CharField()
    digest = serializers.CharField(help_text="The build of the model; empty where it was not known yet.")
    prompt_version = serializers.CharField()
    request = serializers.CharField(help_text="The exact text that was sent, after redaction.")
    response = serializers.CharField(help_text="The exact text that was received; a long one is cut.")
    n_bytes_sent = serializers.IntegerField()
    n_bytes_received = serializers.IntegerField()
    duration_ms = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(
        choices=OUTCOMES,
        help_text="`sent`: no end is known, since the call goes on or its process ended. `refused`: nothing was sent.",
    )
    transactions = serializers.SerializerMethodField(help_text="Ids of the transactions that the call was made for.")

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_transactions(self, call: ModelCall) -> list[int]:
        return [row.pk for row in call.transactions.all()]


class DeletedCallsSerializer(serializers.Serializer[Any]):
    """The number of calls that were deleted."""

    deleted = serializers.IntegerField()


class Moment(NamedTuple):
    """The first and the last instant of a day, or an instant twice."""

    first: dt.datetime
    last: dt.datetime


class MomentField(forms.Field):
    """A day in a time zone, or an instant with its offset."""

    time_zone = "UTC"

    def to_python(self, value: Any) -> Moment | None:
        if not value:
            return None
        try:
            found = _moment(str(value), ZoneInfo(self.time_zone))
        except (ValueError, OverflowError):
            raise forms.ValidationError(MOMENT, code="invalid") from None
        if not EARLIEST <= found.first.date() <= LATEST:
            raise forms.ValidationError(f"Give a day from {EARLIEST} to {LATEST}.", code="out_of_range")
        return found


def _moment(text: str, zone: ZoneInfo) -> Moment:
    """Return the span that a text means. Raises ValueError, and OverflowError beyond all calendars."""
    if ISO_DAY.fullmatch(text):
        day = dt.date.fromisoformat(text)
        return Moment(dt.datetime.combine(day, dt.time.min, zone), dt.datetime.combine(day, dt.time.max, zone))
    # A plus sign that is not encoded arrives as a space.
    instant = dt.datetime.fromisoformat(re.sub(r" (?=\d\d:?\d\d$)", "+", text))
    if instant.tzinfo is None:
        raise ValueError
    return Moment(instant.astimezone(dt.UTC), instant.astimezone(dt.UTC))


@extend_schema_field(OpenApiTypes.STR)
class MomentFilter(filters.Filter):  # type: ignore[misc]
    """A filter by a day or an instant."""

    field_class = MomentField


class ModelCallFilter(HelpfulFilterSet):
    """Filters of calls."""

    purpose = filters.MultipleChoiceFilter(choices=[(purpose, purpose) for purpose in PURPOSES])
    outcome = filters.MultipleChoiceFilter(choices=[(outcome, outcome) for outcome in OUTCOMES])
    model = filters.CharFilter("model", max_length=200)
    transaction = filters.NumberFilter(method="by_transaction", min_value=1, max_digits=18, decimal_places=0)
    since = MomentFilter(method="from_moment", help_text="A day, or an instant with its offset; it is included.")
    until = MomentFilter(method="to_moment", help_text="A day, or an instant with its offset; it is included.")
    before = MomentFilter(method="before_moment", help_text="A day, or an instant with its offset; it is left out.")
    search = filters.CharFilter(
        method="by_search", max_length=200, help_text="Every word occurs in what was sent or received, in any case."
    )

    class Meta:
        model = ModelCall
        fields: ClassVar[list[str]] = []

    def is_valid(self) -> bool:
        """Return True for filters that a call can pass: a bound above the other one is an error, not an empty list."""
        for name in ("since", "until", "before"):
            self.form.fields[name].time_zone = self.request.user.time_zone
        valid: bool = super().is_valid()
        given = self.form.cleaned_data if valid else {}
        since, until, before = (given.get(name) for name in ("since", "until", "before"))
        ends = {"until": until and until.last, "before": before and before.first}
        for name, end in ends.items():
            if since and end and end < since.first:
                detail = "It lies before `since`; swap the two."
                raise serializers.ValidationError({name: detail}, "ends_before_start")
        return valid

    def by_transaction(self, calls: OwnedQuerySet, name: str, value: Any) -> OwnedQuerySet:
        if not Transaction.everything.for_user(self.request.user).filter(pk=int(value)).exists():
            raise serializers.ValidationError({name: f"There is no transaction {value}."}, code="does_not_exist")
        return calls.filter(transactions=int(value))

    def from_moment(self, calls: OwnedQuerySet, name: str, value: Moment) -> OwnedQuerySet:
        return calls.filter(created_at__gte=value.first)

    def to_moment(self, calls: OwnedQuerySet, name: str, value: Moment) -> OwnedQuerySet:
        return calls.filter(created_at__lte=value.last)

    def before_moment(self, calls: OwnedQuerySet, name: str, value: Moment) -> OwnedQuerySet:
        return calls.filter(created_at__lt=value.first)

    def by_search(self, calls: OwnedQuerySet, name: str, value: str) -> OwnedQuerySet:
        words = dict.fromkeys(value.casefold().split())
        if len(words) > MOST_WORDS:
            raise serializers.ValidationError({name: f"Search for {MOST_WORDS} words at most."}, code="too_many_words")
        for word in words:
            # A pattern, because SQLite folds the case of ASCII letters only where it compares by LIKE.
            pattern = re.escape(word)
            calls = calls.filter(Q(request__iregex=pattern) | Q(response__iregex=pattern))
        return calls
