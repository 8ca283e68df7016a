"""Input that refuses what it does not know: a misspelled field would be lost without a word."""

from typing import Any

from rest_framework import serializers


class KnownFields(serializers.Serializer[Any]):
    """A serializer that names unknown fields. What answers show besides may be sent back, and is not looked at."""

    #: Fields of the answer that are no fields here.
    shown: frozenset[str] = frozenset()

    def get_fields(self) -> dict[str, Any]:
        """Choices are told to who misses them, instead of what they wrote."""
        fields = super().get_fields()
        for field in (getattr(field, "child", field) for field in fields.values()):
            if isinstance(field, serializers.ChoiceField):
                known = ", ".join(str(choice) for choice in field.choices)
                field.error_messages["invalid_choice"] = f"There is no such choice; known are {known}."
        return fields

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - self.fields.keys() - self.shown) if isinstance(data, dict) else []
        if unknown:
            writable = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            detail = f"There is no such field; known are {writable}."
            raise serializers.ValidationError(dict.fromkeys(unknown, detail), code="unknown")
        return super().to_internal_value(data)
