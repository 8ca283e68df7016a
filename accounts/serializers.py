"""Shapes of sign-in bodies and of the person's own page."""

from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.models import User


def free_email(value: str, *, but_for: User | None = None) -> str:
    """The address as it is kept. Raises ValidationError when somebody else has it."""
    address: str = User.objects.normalize_email(value)
    others = User.objects.filter(email__iexact=address)
    if but_for is not None:
        others = others.exclude(pk=but_for.pk)
    if others.exists():
        raise serializers.ValidationError("Another account uses this address.", code="unique")
    return address


class PreferencesSerializer(serializers.ModelSerializer[User]):
    """How a person likes things shown; every field may be sent alone."""

    class Meta:
        model = User
        fields = ["base_currency", "time_zone", "locale", "week_start", "month_start"]

    def validate_base_currency(self, value: str) -> str:
        if value.upper() not in list_currencies():
            raise serializers.ValidationError(f"“{value}” is not an ISO 4217 currency code.", code="unknown_currency")
        return value.upper()

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError(f"“{value}” is not a time zone name.", code="unknown_time_zone")
        return value

    def validate_locale(self, value: str) -> str:
        try:
            Locale.parse(value.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            raise serializers.ValidationError(f"“{value}” is not a locale.", code="unknown_locale") from None
        return value


class UserSerializer(serializers.ModelSerializer[User]):
    """The person's own page."""

    preferences = PreferencesSerializer(source="*", required=False)
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "email", "preferences", "roles"]
        extra_kwargs = {"username": {"read_only": True}}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_roles(self, user: User) -> list[str]:
        return sorted(group.name for group in user.groups.all())

    def validate_email(self, value: str) -> str:
        return free_email(value, but_for=self.instance)


class RegisterSerializer(serializers.Serializer[Any]):
    """A new person."""

    username = serializers.RegexField(
        r"^[\w.+-]+$",
        max_length=150,
        error_messages={"invalid": "Use letters, digits and . + - _ only."},
    )
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(write_only=True, max_length=1000, trim_whitespace=False)

    def validate_username(self, value: str) -> str:
        if User.normalize_username(value) != value:
            raise serializers.ValidationError("Write the name in plain letters and digits.", code="invalid")
        if User.objects.filter(username__iexact=value).exists():
            raise serializers.ValidationError("This name is taken.", code="unique")
        return value

    def validate_email(self, value: str) -> str:
        return free_email(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            validate_password(attrs["password"], User(username=attrs["username"], email=attrs["email"]))
        except DjangoValidationError as error:
            raise serializers.ValidationError(
                {"password": [ErrorDetail(m, code=e.code) for e in error.error_list for m in e.messages]}
            ) from None
        return attrs


class LoginSerializer(serializers.Serializer[Any]):
    """Either name of the person, and the password."""

    username = serializers.CharField(max_length=254, required=False)
    email = serializers.CharField(max_length=254, required=False)
    password = serializers.CharField(write_only=True, max_length=1000, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        login = attrs.get("username") or attrs.get("email")
        if not login:
            raise serializers.ValidationError({"username": "Send `username` or `email`."}, code="required")
        user = authenticate(self.context["request"], username=login, password=attrs["password"])
        if user is None:
            raise serializers.ValidationError("Name and password do not fit together.", code="authorization")
        return {"user": user}


class SignedInSerializer(serializers.Serializer[Any]):
    """What signing in answers: keep the token, it is shown once."""

    user = UserSerializer()
    token = serializers.CharField()
    expiry = serializers.DateTimeField()
