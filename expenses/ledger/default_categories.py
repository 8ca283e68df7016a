"""The categories that every ledger starts with. Keys never change; display names are translated."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from expenses.ledger.kinds import CategoryKind


@dataclass(frozen=True, slots=True)
class DefaultCategory:
    """One of the system's categories; `color_token` names a color of the client's palette, `icon` a Lucide icon."""

    key: str
    name: str
    kind: CategoryKind
    icon: str
    color_token: str
    parent: str = ""
    description: str = ""


DEFAULT_CATEGORIES = (
    DefaultCategory(
        "groceries", _("Groceries"), "expense", "shopping-basket", "green",
        description="Supermarkets, bakeries, food and drink to take home",
    ),
    DefaultCategory(
        "dining", _("Dining"), "expense", "utensils", "orange",
        description="Restaurants, cafes, bars, fast food, delivery",
    ),
    DefaultCategory(
        "transport", _("Transport"), "expense", "bus", "blue",
        description="Fuel, parking, public transport, taxis, car repair",
    ),
    DefaultCategory(
        "travel", _("Travel"), "expense", "plane", "sky",
        description="Flights, hotels, holidays, car rental",
    ),
    DefaultCategory(
        "housing", _("Housing"), "expense", "house", "brown",
        description="Rent, mortgage, furniture, repairs, garden",
    ),
    DefaultCategory(
        "utilities", _("Utilities"), "expense", "plug", "yellow",
        description="Electricity, gas, water, waste, internet, phone",
    ),
    DefaultCategory(
        "shopping", _("Shopping"), "expense", "shopping-bag", "pink",
        description="Clothes, electronics, books, department stores, online shops",
    ),
    DefaultCategory(
        "entertainment", _("Entertainment"), "expense", "ticket", "purple",
        description="Cinema, concerts, games, sports, hobbies",
    ),
    DefaultCategory(
        "healthcare", _("Healthcare"), "expense", "heart-pulse", "red",
        description="Doctors, pharmacies, hospitals, opticians",
    ),
    DefaultCategory(
        "personal-care", _("Personal Care"), "expense", "scissors", "rose",
        description="Hairdressers, cosmetics, gyms",
    ),
    DefaultCategory(
        "education", _("Education"), "expense", "graduation-cap", "indigo",
        description="Schools, courses, tuition, teaching material",
    ),
    DefaultCategory(
        "subscriptions", _("Subscriptions"), "expense", "repeat", "violet",
        description="Streaming, software, news, memberships",
    ),
    DefaultCategory(
        "insurance", _("Insurance"), "expense", "shield", "slate",
        description="Health, car, home, liability and life insurance",
    ),
    DefaultCategory(
        "fees-taxes", _("Fees & Taxes"), "expense", "landmark", "gray",
        description="Bank fees, taxes, fines, public offices",
    ),
    DefaultCategory(
        "gifts-donations", _("Gifts & Donations"), "expense", "gift", "fuchsia",
        description="Presents, flowers, charities",
    ),
    DefaultCategory(
        "pets", _("Pets"), "expense", "paw-print", "amber",
        description="Pet food, vets",
    ),
    DefaultCategory(
        "kids", _("Kids"), "expense", "baby", "lime",
        description="Childcare, toys, children's clothes",
    ),
    DefaultCategory(
        "other", _("Other"), "expense", "circle-ellipsis", "gray",
        description="Whatever fits nowhere else",
    ),
    DefaultCategory(
        "income", _("Income"), "income", "wallet", "emerald",
        description="Money earned",
    ),
    DefaultCategory(
        "salary", _("Salary"), "income", "briefcase", "emerald", parent="income",
        description="Wages, salary, pension",
    ),
    DefaultCategory(
        "interest", _("Interest"), "income", "percent", "teal", parent="income",
        description="Interest and dividends",
    ),
    DefaultCategory(
        "other-income", _("Other income"), "income", "circle-plus", "teal", parent="income",
        description="Any other money earned",
    ),
    DefaultCategory(
        "transfers", _("Transfers"), "transfer", "arrow-left-right", "cyan",
        description="Between own accounts, card settlements, cash withdrawals",
    ),
)  # fmt: skip
