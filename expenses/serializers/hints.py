"""Hints in the API: the house rules that the local model reads."""

from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.models import Hint
from expenses.serializers.fields import user_of

#: Hints of a ledger: more would crowd the examples out of a small model's context.
MAX_HINTS = 30
#: A hint of nothing but signs would reach the model as nothing.
MIN_LETTERS = 3
LAST_POSITION = 1000


class HintSerializer(StrictSerializer, serializers.ModelSerializer[Hint]):
    """A house rule in your own words, such as “IKEA food court is Dining”. The local model reads it."""

    text = serializers.CharField(min_length=3, max_length=200)
    position = serializers.IntegerField(
        min_value=1,
        max_value=LAST_POSITION,
        required=False,
        help_text="The model reads hints in this order, the older first among equals. Without it, a new hint is the "
        "last.",
    )

    class Meta:
        model = Hint
        fields = ["id", "text", "position", "version"]
        read_only_fields = ["version"]

    def validate_text(self, value: str) -> str:
        if sum(map(str.isalnum, value)) < MIN_LETTERS:
            raise serializers.ValidationError(
                f"A hint has at least {MIN_LETTERS} letters or digits: the model reads no other signs.", code="invalid"
            )
        others = Hint.objects.for_user(user_of(self)).exclude(pk=self.instance.pk if self.instance else None)
        if _compared(value) in {_compared(text) for text in others.values_list("text", flat=True)}:
            raise serializers.ValidationError("Another hint says the same: change that one.", code="unique")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            return attrs
        present = list(Hint.objects.for_user(user_of(self)).values_list("position", flat=True))
        if len(present) >= MAX_HINTS:
            raise serializers.ValidationError(
                f"A ledger has at most {MAX_HINTS} hints: delete one, or say two things in one.", code="max_length"
            )
        return {"position": min(max(present, default=0) + 1, LAST_POSITION)} | attrs


def _compared(text: str) -> str:
    """Return a text as it is compared with others: in any case, with any spaces."""
    return " ".join(text.casefold().split())
