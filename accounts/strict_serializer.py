"""A serializer that refuses unknown fields, so that a misspelled field is not lost silently."""

from typing import Any

from rest_framework import serializers

#: The sentence of a field that is required where no declaration can say so.
MISSING = "This field is missing: send a value."


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that names unknown fields in its errors. Fields that only responses have may be sent back."""

    #: Fields of the response that are accepted here and ignored.
    ignored_fields: frozenset[str] = frozenset()

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; an invalid choice is answered with the valid ones."""
        fields = super().get_fields()
        for field in (getattr(field, "child", field) for field in fields.values()):
            if isinstance(field, serializers.ChoiceField):
                known = ", ".join(str(choice) for choice in field.choices)
                field.error_messages["invalid_choice"] = f"There is no such choice; known are {known}."
        return fields

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - self.fields.keys() - self.ignored_fields) if isinstance(data, dict) else []
        if unknown:
            writable = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            detail = f"There is no such field; known are {writable}."
            raise serializers.ValidationError(dict.fromkeys(unknown, detail), code="unknown")
        return super().to_internal_value(data)
