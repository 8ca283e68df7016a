"""A serializer that refuses unknown fields, so that a misspelled field is not lost silently."""

import json
from collections.abc import Iterable
from functools import cache
from heapq import nsmallest
from typing import Any

from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from accounts.misspellings import did_you_mean

#: The sentence of a field that is required where no declaration can say so.
MISSING = "This field is missing: send a value."
#: The sentence of a body that was sent back too late.
STALE_VERSION = "Another client was first: read the row again, and send your change with its new version."
#: Unknown names that an answer tells, and characters of each: a body of megabytes must not make one of gigabytes.
N_UNKNOWN_NAMED = 10
NAME_LENGTH = 100


def refuse_unknown(
    given: Iterable[Any], known: Iterable[str], *, what: str, besides: frozenset[str] = frozenset()
) -> None:
    """Raises ValidationError that names what is given but not known. `besides` is accepted, too, but not told."""
    known = list(known)
    if unknown := nsmallest(N_UNKNOWN_NAMED, {str(name) for name in given} - {*known} - besides):
        detail = f"There is no such {what}; known are {', '.join(known)}." if known else f"It takes no {what}."
        details = {name[:NAME_LENGTH]: f"{detail}{did_you_mean(name, known)}" for name in unknown}
        raise serializers.ValidationError(details, code="unknown")


class NoSuchChoice(str):
    """The sentence of a wrong choice, which lists the known ones. DRF formats it with the `input`."""

    known: list[str]

    def __new__(cls, known: list[str]) -> "NoSuchChoice":
        message = super().__new__(cls, f"There is no such choice; known are {', '.join(known)}.")
        message.known = known
        return message

    def format(self, *args: Any, **kwargs: Any) -> str:
        return f"{self}{did_you_mean(kwargs['input'], self.known)}"


class DeclaredFields(dict[str, Any]):
    """The declared fields of a serializer, of which DRF makes a deep copy for each body.

    A deep copy makes each field anew from its arguments, which takes four times as long as to copy its attributes. That
    is enough: nothing changes a field once it is made, except its binding to a serializer.
    """

    def __deepcopy__(self, memo: object) -> dict[str, Any]:
        return {name: _copy(field) for name, field in self.items()}


def _copy(field: Any) -> Any:
    twin = object.__new__(type(field))
    twin.__dict__.update(field.__dict__)
    if "child" in field.__dict__:
        twin.child = _copy(field.child)
        twin.child.source = None
        twin.child.bind(field_name="", parent=twin)
    return twin


class QuickSerializer(serializers.Serializer[Any]):
    """A serializer that copies its declared fields quickly."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._declared_fields = DeclaredFields(cls._declared_fields)


class HelpfulSerializer(QuickSerializer):
    """A serializer that answers an invalid choice with the valid ones."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in (getattr(field, "child", field) for field in fields.values()):
            if isinstance(field, serializers.ChoiceField):
                field.error_messages["invalid_choice"] = NoSuchChoice([str(choice) for choice in field.choices])
        return fields


class StrictSerializer(HelpfulSerializer):
    """A serializer that names unknown fields in its errors.

    What an answer shows may be sent back in a change. A field that cannot be changed must then be as it is.
    """

    #: Makes the body that may be sent back, where that is not this serializer.
    body_class: type[serializers.Serializer[Any]] | None = None
    #: Fields that are accepted, whatever they hold.
    ignored_fields: frozenset[str] = frozenset()
    #: The JSON body that is being read.
    _given: dict[str, Any] | None = None

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            self._check_names(data)
        self._given = data if type(data) is dict else None  # forms have values for fields that are left out
        try:
            return super().to_internal_value(data)
        finally:
            self._given = None

    @property
    def _writable_fields(self) -> list[Any]:
        """The fields to read: DRF asks those that are left out, too, only to hear that they may be."""
        fields, given = super()._writable_fields, self._given
        if given is None:
            return list(fields)
        return [f for f in fields if f.field_name in given or f.required or f.default is not serializers.empty]

    def shown_row(self, data: dict[str, Any]) -> Any:
        """Return the row whose body may be sent back; None for a new one."""
        return self.instance

    def _check_names(self, data: dict[str, Any]) -> None:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        shown_names = {*self.fields} if self.body_class is None else _names_in(self.body_class)
        refuse_unknown(data, writable, what="field", besides=self.ignored_fields | shown_names)
        fixed = sorted((data.keys() & shown_names) - {*writable} - self.ignored_fields)
        row = self.shown_row(data) if fixed else None
        if row is None:
            detail = "This field is set by the server; leave it out."
            other = fixed
        else:
            detail = "This field cannot be changed; leave it out, or send it as it is."
            body = (self.body_class or type(self))(context=self.context)
            shown = json.loads(JSONRenderer().render(body.to_representation(row)))
            other = [name for name in fixed if data[name] != shown[name]]
        if other:
            details = {name: STALE_VERSION if row and name == "version" else detail for name in other}
            raise serializers.ValidationError(details, code="read_only")


@cache
def _names_in(kind: type[serializers.Serializer[Any]]) -> frozenset[str]:
    """Return the fields of a body: to build them for each of many rows would take long."""
    return frozenset(kind().fields)
