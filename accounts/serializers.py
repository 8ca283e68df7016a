"""Bodies of sign-in, of tokens, and of the user's own account."""

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

from accounts.access import client_ip
from accounts.misspellings import did_you_mean, no_currency
from accounts.models import PREFERENCES, Scope, Token, User
from accounts.services.lockout import try_password
from accounts.strict_serializer import StrictSerializer

TOKEN_NAME_LENGTH = Token._meta.get_field("name").max_length or 0
PASSWORD_LENGTH = 1000


def free_email(value: str, *, but_for: User | None = None) -> str:
    """Return the normalized address. Raises ValidationError when another user has it."""
    address: str = User.objects.normalize_email(value)
    others = User.objects.filter(email__iexact=address)
    if but_for is not None:
        others = others.exclude(pk=but_for.pk)
    if others.exists():
        raise serializers.ValidationError("Another account uses this address.", code="unique")
    return address


class PreferencesSerializer(StrictSerializer, serializers.ModelSerializer[User]):
    """The user's preferences; every field may be sent alone."""

    class Meta:
        model = User
        fields = PREFERENCES

    def validate_base_currency(self, value: str) -> str:
        known = list_currencies() - {"XXX", "XTS"}  # no currency, and tests
        if value.upper() not in known:
            raise serializers.ValidationError(no_currency(value), code="unknown_currency")
        return value.upper()

    def validate_time_zone(self, value: str) -> str:
        known = available_timezones() - {"localtime", "Factory"}  # the machine's own, and not set
        if value not in known:
            detail = f"“{value}” is not a time zone name such as Europe/Berlin.{did_you_mean(value, known)}"
            raise serializers.ValidationError(detail, code="unknown_time_zone")
        return value

    def validate_locale(self, value: str) -> str:
        """Return the locale in the form of BCP 47, such as `de-AT`."""
        try:
            locale = Locale.parse(value.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            locale = None
        if locale is None or locale.language == "root":
            raise serializers.ValidationError(f"“{value}” is not a locale such as de-AT.", code="unknown_locale")
        return str(locale).replace("_", "-")


class UserSerializer(StrictSerializer, serializers.ModelSerializer[User]):
    """The signed-in user."""

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


def name_of_client(request: Request) -> str:
    """Return the client's own name for itself, for a token without a name."""
    user_agent = request.headers.get("User-Agent", "")
    return "".join(filter(str.isprintable, user_agent))[:TOKEN_NAME_LENGTH].strip()


def strong_password(password: str, *, user: User) -> str:
    """Return the password. Raises ValidationError if it is short, common or like the user's name."""
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        details = [ErrorDetail(text, code=one.code) for one in error.error_list for text in one.messages]
        raise serializers.ValidationError(details) from None
    return password


class RegisterSerializer(StrictSerializer):
    """A new user."""

    username = serializers.RegexField(
        r"^[\w.+-]+$",
        max_length=150,
        error_messages={"invalid": "Use letters, digits and . + - _ only."},
    )
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(write_only=True, max_length=PASSWORD_LENGTH, trim_whitespace=False)
    confirm_password = serializers.CharField(
        write_only=True,
        max_length=PASSWORD_LENGTH,
        trim_whitespace=False,
        required=False,
        help_text="The password once more, where a form asks for it twice.",
    )

    def validate_username(self, value: str) -> str:
        if User.normalize_username(value) != value:
            raise serializers.ValidationError("Write the name in plain letters and digits.", code="invalid")
        if User.objects.filter(username__iexact=value).exists():
            raise serializers.ValidationError("This name is taken.", code="unique")
        return value

    def validate_email(self, value: str) -> str:
        return free_email(value)

    def validate_password(self, value: str) -> str:
        """Return the password. It is compared with name and address as they were sent, even if these are wrong."""
        sent = {name: str(self.initial_data.get(name, ""))[:254] for name in ("username", "email")}
        return strong_password(value, user=User(**sent))

    def validate_confirm_password(self, value: str) -> str:
        if value != self.initial_data.get("password", value):
            raise serializers.ValidationError("The two passwords differ; type the same password twice.", code="differs")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of the user."""
        return {name: value for name, value in attrs.items() if name != "confirm_password"}


class LoginSerializer(StrictSerializer):
    """Username or e-mail address, and the password."""

    username = serializers.CharField(max_length=254, required=False)
    email = serializers.CharField(max_length=254, required=False)
    password = serializers.CharField(write_only=True, max_length=PASSWORD_LENGTH, trim_whitespace=False)
    name = serializers.CharField(max_length=TOKEN_NAME_LENGTH, required=False)
    scope = serializers.ChoiceField(Scope.choices, default=Scope.READ_WRITE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        login = attrs.get("username") or attrs.get("email")
        if not login:
            raise serializers.ValidationError({"username": "Send `username` or `email`."}, code="required")
        request = self.context["request"]
        user = try_password(
            login=login,
            address=client_ip(request),
            check=lambda: authenticate(request, username=login, password=attrs["password"]),
        )
        if user is None:
            raise serializers.ValidationError("Name and password do not fit together.", code="authorization")
        return {
            "user": user,
            "name": attrs.get("name") or name_of_client(request),
            "scope": attrs["scope"],
        }


class SignedInSerializer(serializers.Serializer[Any]):
    """A user with a new token. Keep the token: it is shown once."""

    user = UserSerializer()
    token = serializers.CharField()
    expiry = serializers.DateTimeField()


class TokenSerializer(serializers.ModelSerializer[Token]):
    """A token without its secret."""

    name = serializers.CharField(read_only=True)
    is_current = serializers.SerializerMethodField(help_text="This request came with it.")

    class Meta:
        model = Token
        fields = ["id", "name", "scope", "created", "last_used_at", "expiry", "is_current"]
        read_only_fields = fields

    def get_is_current(self, token: Token) -> bool:
        return bool(token.pk == self.context["request"].auth.pk)


class NewTokenInput(StrictSerializer):
    """Name, scope and lifetime of a new token."""

    name = serializers.CharField(max_length=TOKEN_NAME_LENGTH)
    scope = serializers.ChoiceField(Scope.choices, default=Scope.READ_WRITE)
    expires_in_days = serializers.IntegerField(
        min_value=1,
        max_value=3650,
        required=False,
        help_text="Without it, the token lasts as long as one from signing in, and each use extends it.",
    )


class NewTokenSerializer(TokenSerializer):
    """A new token. Keep the secret: it is shown once."""

    token = serializers.SerializerMethodField()

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields

    def get_token(self, token: Token) -> str:
        return str(self.context["secret"])


class OwnPasswordField(serializers.CharField):
    """The password of the signed-in user, which a stolen token does not know. A wrong one counts as a guess."""

    def __init__(self) -> None:
        super().__init__(write_only=True, max_length=PASSWORD_LENGTH, trim_whitespace=False)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        request = self.context["request"]
        user = request.user
        right = try_password(
            login=user.username, address=client_ip(request), check=lambda: user.check_password(value) or None
        )
        if not right:
            raise serializers.ValidationError("This is not your password.", code="wrong_password")
        return value


class EraseInput(StrictSerializer):
    """The password, so that a stolen token cannot delete the account."""

    password = OwnPasswordField()


class PasswordInput(StrictSerializer):
    """The password of the user until now, and a new one."""

    current_password = OwnPasswordField()
    new_password = serializers.CharField(write_only=True, max_length=PASSWORD_LENGTH, trim_whitespace=False)

    def validate_new_password(self, value: str) -> str:
        return strong_password(value, user=self.context["request"].user)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["new_password"] == attrs["current_password"]:
            detail = "This is your password already; choose another one."
            raise serializers.ValidationError({"new_password": detail}, code="unchanged")
        return attrs
