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
from rest_framework.request import Request

from accounts.addresses import address_of
from accounts.lockout import try_password
from accounts.models import Scope, Token, User
from accounts.strict_serializer import StrictSerializer

TOKEN_NAME_LENGTH = Token._meta.get_field("name").max_length or 0
LONGEST_DAYS = 3650
#: ISO 4217 has codes for “none” and for tests, the zone database one for each machine's own and one for “not set”.
NO_CURRENCIES = {"XXX", "XTS"}
NO_TIME_ZONES = {"localtime", "Factory"}


def free_email(value: str, *, but_for: User | None = None) -> str:
    """The address as it is kept. Raises ValidationError when somebody else has it."""
    address: str = User.objects.normalize_email(value)
    others = User.objects.filter(email__iexact=address)
    if but_for is not None:
        others = others.exclude(pk=but_for.pk)
    if others.exists():
        raise serializers.ValidationError("Another account uses this address.", code="unique")
    return address


class PreferencesSerializer(StrictSerializer, serializers.ModelSerializer[User]):
    """How a person likes things shown; every field may be sent alone."""

    class Meta:
        model = User
        fields = ["base_currency", "time_zone", "locale", "week_start", "month_start"]

    def validate_base_currency(self, value: str) -> str:
        if value.upper() not in list_currencies() or value.upper() in NO_CURRENCIES:
            raise serializers.ValidationError(f"“{value}” is not an ISO 4217 currency code.", code="unknown_currency")
        return value.upper()

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones() or value in NO_TIME_ZONES:
            raise serializers.ValidationError(
                f"“{value}” is not a time zone name such as Europe/Berlin.", code="unknown_time_zone"
            )
        return value

    def validate_locale(self, value: str) -> str:
        """As BCP 47 writes it, whichever way it was sent: `de-AT`."""
        try:
            locale = Locale.parse(value.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            locale = None
        if locale is None or locale.language == "root":
            raise serializers.ValidationError(f"“{value}” is not a locale such as de-AT.", code="unknown_locale")
        return str(locale).replace("_", "-")


class UserSerializer(StrictSerializer, serializers.ModelSerializer[User]):
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


def name_of_program(request: Request) -> str:
    """What a token is called when nobody names it: what the program calls itself."""
    said = request.headers.get("User-Agent", "")
    return "".join(filter(str.isprintable, said))[:TOKEN_NAME_LENGTH].strip()


class TokenNameField(serializers.CharField):
    """The name of a device or a program."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=TOKEN_NAME_LENGTH, **kwargs)


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
    name = TokenNameField(required=False)
    scope = serializers.ChoiceField(Scope.choices, default=Scope.READ_WRITE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        login = attrs.get("username") or attrs.get("email")
        if not login:
            raise serializers.ValidationError({"username": "Send `username` or `email`."}, code="required")
        request = self.context["request"]
        user = try_password(
            login=login,
            address=address_of(request),
            check=lambda: authenticate(request, username=login, password=attrs["password"]),
        )
        if user is None:
            raise serializers.ValidationError("Name and password do not fit together.", code="authorization")
        return {
            "user": user,
            "name": attrs.get("name") or name_of_program(request),
            "scope": attrs["scope"],
        }


class SignedInSerializer(serializers.Serializer[Any]):
    """What signing in answers: keep the token, it is shown once."""

    user = UserSerializer()
    token = serializers.CharField()
    expiry = serializers.DateTimeField()


class TokenSerializer(serializers.ModelSerializer[Token]):
    """A token as its owner sees it afterwards: everything but the secret."""

    name = serializers.CharField(read_only=True)
    is_current = serializers.SerializerMethodField(help_text="This request came with it.")

    class Meta:
        model = Token
        fields = ["id", "name", "scope", "created", "last_used_at", "expiry", "is_current"]
        read_only_fields = fields

    def get_is_current(self, token: Token) -> bool:
        return bool(token.pk == self.context["request"].auth.pk)


class NewTokenInput(StrictSerializer):
    """What the new token is for, and for how long."""

    name = TokenNameField()
    scope = serializers.ChoiceField(Scope.choices, default=Scope.READ_WRITE)
    expires_in_days = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        help_text="Without it, the token lasts as long as one of signing in, and each use puts its end off.",
    )


class NewTokenSerializer(TokenSerializer):
    """A token when it is made: keep the secret, it is shown once."""

    token = serializers.SerializerMethodField()

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields

    def get_token(self, token: Token) -> str:
        return str(self.context["secret"])


class EraseInput(serializers.Serializer[Any]):
    """The password, so that nobody deletes an account with a token that was left open."""

    password = serializers.CharField(write_only=True, max_length=1000, trim_whitespace=False)

    def validate_password(self, value: str) -> str:
        request = self.context["request"]
        user = request.user
        right = try_password(
            login=user.username, address=address_of(request), check=lambda: user.check_password(value) or None
        )
        if not right:
            raise serializers.ValidationError("This is not your password.", code="wrong_password")
        return value
