"""The page of privacy in the API: what leaves this process, and what its owner decides about it."""

from typing import Any, NamedTuple

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.models import PrivacyChoices
from expenses.models.model_calls import KEPT_DAYS
from expenses.querysets import fold
from expenses.serializers.model_calls import OUTCOMES, PURPOSES
from expenses.services.privacy import USAGE_DAYS, Traffic, Usage
from providers.ollama.calls import Purpose
from providers.redaction.kinds import KINDS


class Contents(NamedTuple):
    """Texts that the calls for a purpose hold, and texts that they never hold."""

    sent: tuple[str, ...]
    never_sent: tuple[str, ...]


_ASKED = (
    "the description of a transaction, and its merchant if that is another name",
    "whether money came in or went out",
    "names and descriptions of your categories, and your hints",
    "a few of your similar confirmed transactions with their categories",
)
_UNASKED = ("amounts", "currencies", "dates", "accounts", "tags", "notes")
CONTENTS = {
    Purpose.CATEGORIZE: Contents(_ASKED, _UNASKED),
    Purpose.NARRATE: Contents(
        ("figures of a month as Outlay computed them", "names of categories and merchants", "your hints for the text"),
        ("notes", "account numbers"),
    ),
    Purpose.ASK: Contents(
        ("your question", "the answers of read-only tools: amounts, dates, categories, merchants and descriptions"),
        ("notes", "account numbers"),
    ),
    Purpose.BENCH: Contents(_ASKED, _UNASKED),
    Purpose.MCP: Contents(("the answers of read-only tools to a program of your own",), ("notes", "account numbers")),
}
#: What no call holds, whatever it is for.
NEVER_SENT = ("your user name, e-mail address, password and tokens", "files", "rows of another ledger")
#: What else could leave a process, and does not.
NOTHING_ELSE = (
    "Nothing else leaves Outlay: no telemetry, no crash reports, no check for updates. Exchange rates are shipped with "
    "each release. The pages of the API load scripts, styles and fonts from Outlay itself."
)


class DestinationSerializer(serializers.Serializer[Any]):
    """The model that texts are sent to."""

    is_on = serializers.BooleanField()
    name = serializers.CharField(allow_null=True)
    endpoint = serializers.CharField(allow_null=True)
    is_private = serializers.BooleanField(
        allow_null=True, help_text="Null for the name of a server, until a call has looked up its address."
    )
    explanation = serializers.CharField()


class TrafficSerializer(serializers.Serializer[Any]):
    """Calls, and the bytes of text that they sent and received."""

    n_calls = serializers.IntegerField()
    n_bytes_sent = serializers.IntegerField()
    n_bytes_received = serializers.IntegerField()


class PurposeTrafficSerializer(TrafficSerializer):
    """The calls for one purpose."""

    purpose = serializers.ChoiceField(choices=PURPOSES)


class OutcomeTrafficSerializer(TrafficSerializer):
    """The calls that ended in one way."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)


class EndpointTrafficSerializer(TrafficSerializer):
    """The calls to one server."""

    endpoint = serializers.CharField()


class LastCallSerializer(serializers.Serializer[Any]):
    """The last call, without its texts."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    purpose = serializers.ChoiceField(choices=PURPOSES)
    endpoint = serializers.CharField()
    model = serializers.CharField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)


class UsageSerializer(TrafficSerializer):
    """The calls of the last days. Deleted calls are not counted."""

    days = serializers.IntegerField()
    since = serializers.DateField()
    by_purpose = PurposeTrafficSerializer(many=True)
    by_outcome = OutcomeTrafficSerializer(many=True)
    by_endpoint = EndpointTrafficSerializer(many=True)
    last_call = LastCallSerializer(allow_null=True, help_text="The last call of all that are kept.")

    def to_representation(self, instance: Usage) -> dict[str, Any]:
        return super().to_representation(
            {
                "days": USAGE_DAYS,
                "since": instance.since,
                **instance.total._asdict(),
                "by_purpose": _listed("purpose", instance.by_purpose),
                "by_outcome": _listed("outcome", instance.by_outcome),
                "by_endpoint": _listed("endpoint", instance.by_endpoint),
                "last_call": instance.last_call,
            }
        )


def _listed(name: str, amounts: Any) -> list[dict[str, Any]]:
    shown: dict[str, Traffic] = amounts
    return [{name: key, **amount._asdict()} for key, amount in sorted(shown.items())]


class ContentsSerializer(serializers.Serializer[Any]):
    """Texts that the calls for one purpose hold, and texts that they never hold."""

    purpose = serializers.ChoiceField(choices=PURPOSES)
    sent = serializers.ListField(child=serializers.CharField())
    never_sent = serializers.ListField(child=serializers.CharField())


class RedactionSerializer(serializers.Serializer[Any]):
    """One kind of thing that is replaced before a text is sent."""

    placeholder = serializers.CharField()
    stands_for = serializers.CharField()


class ChoicesSerializer(serializers.Serializer[Any]):
    """The choices of a ledger."""

    kept_days = serializers.IntegerField(allow_null=True)
    names = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()


class PrivacySerializer(serializers.Serializer[Any]):
    """Texts that leave this process: where they go, how many they are, and what is hidden in them."""

    model = DestinationSerializer()
    usage = UsageSerializer()
    contents = ContentsSerializer(many=True)
    never_sent = serializers.ListField(child=serializers.CharField(), help_text="What no call holds.")
    redacted = RedactionSerializer(many=True, help_text="Kinds of things that are replaced by placeholders.")
    nothing_else = serializers.CharField()
    kept_days = serializers.IntegerField(allow_null=True)
    names = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()


def describe_privacy(choices: PrivacyChoices, *, model: Any, usage: Usage) -> dict[str, Any]:
    """Return the body of the page."""
    contents = [{"purpose": str(purpose), **held._asdict()} for purpose, held in CONTENTS.items()]
    redacted = [{"placeholder": f"{kind}1", "stands_for": meaning} for kind, meaning in KINDS.items()]
    page = {
        "model": model,
        "usage": usage,
        "contents": contents,
        "never_sent": NEVER_SENT,
        "redacted": redacted,
        "nothing_else": NOTHING_ELSE,
        **ChoicesSerializer(choices).data,
    }
    body: dict[str, Any] = PrivacySerializer(page).data
    return body


class NameField(serializers.CharField):
    """A name that no model may see."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=100, **kwargs)


class PrivacyInput(StrictSerializer):
    """Choices about privacy; what is left out stays as it is."""

    kept_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=3650,
        help_text=f"Days for which calls are kept, {KEPT_DAYS} by default. 0 keeps no text beyond the call. "
        "null keeps calls until you delete them.",
    )
    names = serializers.ListField(
        child=NameField(), required=False, max_length=200, help_text="Names that no model may see."
    )

    def validate_names(self, names: list[str]) -> list[str]:
        """Return each name once, in any case, as it was written first."""
        kept: dict[str, str] = {}
        for name in names:
            kept.setdefault(fold(name), name)
        return list(kept.values())
