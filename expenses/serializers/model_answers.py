"""The model's answer in the explanation of a transaction."""

from typing import Any

from rest_framework import serializers

from expenses.categorization.trust import load_trust
from expenses.models import ModelAnswer, ModelCall, Transaction
from expenses.serializers.calibration import AnswerRecordSerializer
from expenses.services.model_calls import calls_in
from providers.chain import Outcome
from providers.ollama import OllamaProvider

#: Outcomes of a model that was asked, or whose earlier answer was remembered.
ASKED = {Outcome.ANSWERED, Outcome.UNSURE, Outcome.FAILED, Outcome.CRASHED}
#: The outcomes of asking any link.
OUTCOMES = [str(outcome) for outcome in Outcome]
#: Details that are shown in `model` alone.
SHOWN_APART = {"questions", "calls", "distribution"}


class MessageSerializer(serializers.Serializer[Any]):
    """One message of a prompt."""

    role = serializers.CharField()
    content = serializers.CharField()


class ProbabilitySerializer(serializers.Serializer[Any]):
    """The probability that the model gives to one of the offered categories."""

    category = serializers.CharField()
    probability = serializers.FloatField()


class ModelAnswerSerializer(serializers.Serializer[Any]):
    """The exact question that the model was asked about a transaction, and its answer."""

    model = serializers.CharField(allow_null=True, help_text="Null where the call failed before the model was known.")
    digest = serializers.CharField(allow_null=True, help_text="The build of the model.")
    prompt_version = serializers.CharField(allow_null=True)
    asked_at = serializers.DateTimeField()
    prompt = MessageSerializer(
        many=True, help_text="As it was sent, after redaction. Empty for a failure, and for answers of older releases."
    )
    is_remembered = serializers.BooleanField(help_text="The same question was answered before, so nothing was sent.")
    distribution = ProbabilitySerializer(many=True, help_text="The offered categories, the likeliest first.")
    calls = serializers.ListField(child=serializers.UUIDField(), help_text="Calls that are still kept.")
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    explanation = serializers.CharField()
    duration_ms = serializers.FloatField(allow_null=True, help_text="The time that the model took; null for a failure.")
    record = AnswerRecordSerializer(
        allow_null=True, help_text="Outcomes of this build's answers in your ledger; null for a failure."
    )


def describe_model_answer(row: Transaction) -> dict[str, Any] | None:
    """Return the body of the model's answer about a row; None where the model was not asked. At most three queries."""
    attempts = row.decision.attempts if row.decision else []
    attempt = next((a for a in attempts if a["provider"] == OllamaProvider.name and a["outcome"] in ASKED), None)
    if attempt is None or row.decision is None:
        return None
    details = attempt["details"]
    questions, named = details.get("questions", []), calls_in(details)
    calls = ModelCall.objects.filter(ledger_id=row.ledger_id, pk__in=named).values_list("pk", flat=True)
    kept = set(map(str, calls)) if named else set()
    digest = details.get("digest")
    answer = ModelAnswer.objects.filter(transaction=row, digest=digest or "").first()
    body: dict[str, Any] = ModelAnswerSerializer(
        {
            "model": details.get("model"),
            "digest": digest,
            "prompt_version": details.get("prompt_version"),
            "asked_at": answer.answered_at if answer is not None else row.decision.created_at,
            "prompt": [message for question in questions for message in question["prompt"]],
            "is_remembered": bool(questions) and all(question["is_remembered"] for question in questions),
            "distribution": details.get("distribution", []),
            "calls": [call for call in named if call in kept],
            "outcome": attempt["outcome"],
            "explanation": attempt["explanation"],
            "duration_ms": details.get("duration_ms"),
            "record": digest
            and load_trust(row.ledger_id).record(OllamaProvider.name, digest=digest)._replace(digest=digest),
        }
    ).data
    return body


def describe_attempts(row: Transaction) -> list[dict[str, Any]]:
    """Return the attempts of all links, without what the model's answer shows."""
    return [
        {**attempt, "details": {name: value for name, value in attempt["details"].items() if name not in SHOWN_APART}}
        for attempt in (row.decision.attempts if row.decision else ())
    ]
