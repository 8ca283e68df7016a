"""The categories that every ledger starts with. Keys never change; display names are translated."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from expenses.kinds import CategoryKind


@dataclass(frozen=True, slots=True)
class DefaultCategory:
    """One of the system's categories; `color_token` names a color of the client's palette, `icon` a Lucide icon."""

    key: str
    name: str
    kind: CategoryKind
    icon: str
    color_token: str
    description: str
    parent: str = ""


DEFAULT_CATEGORIES = (
    DefaultCategory("groceries", _("Groceries"), "expense", "shopping-basket", "green", "Supermarkets, bakeries, food and drink to take home"),
    DefaultCategory("dining", _("Dining"), "expense", "utensils", "orange", "Restaurants, cafes, bars, fast food, delivery"),
    DefaultCategory("transport", _("Transport"), "expense", "bus", "blue", "Fuel, parking, public transport, taxis, car repair"),
    DefaultCategory("travel", _("Travel"), "expense", "plane", "sky", "Flights, hotels, holidays, car rental"),
    DefaultCategory("housing", _("Housing"), "expense", "house", "brown", "Rent, mortgage, furniture, repairs, garden"),
    DefaultCategory("utilities", _("Utilities"), "expense", "plug", "yellow", "Electricity, gas, water, waste, internet, phone"),
    DefaultCategory("shopping", _("Shopping"), "expense", "shopping-bag", "pink", "Clothes, electronics, books, department stores, online shops"),
    DefaultCategory("entertainment", _("Entertainment"), "expense", "ticket", "purple", "Cinema, concerts, games, sports, hobbies"),
    DefaultCategory("healthcare", _("Healthcare"), "expense", "heart-pulse", "red", "Doctors, pharmacies, hospitals, opticians"),
    DefaultCategory("personal-care", _("Personal Care"), "expense", "scissors", "rose", "Hairdressers, cosmetics, gyms"),
    DefaultCategory("education", _("Education"), "expense", "graduation-cap", "indigo", "Schools, courses, tuition, teaching material"),
    DefaultCategory("subscriptions", _("Subscriptions"), "expense", "repeat", "violet", "Streaming, software, news, memberships"),
    DefaultCategory("insurance", _("Insurance"), "expense", "shield", "slate", "Health, car, home, liability and life insurance"),
    DefaultCategory("fees-taxes", _("Fees & Taxes"), "expense", "landmark", "gray", "Bank fees, taxes, fines, public offices"),
    DefaultCategory("gifts-donations", _("Gifts & Donations"), "expense", "gift", "fuchsia", "Presents, flowers, charities"),
    DefaultCategory("pets", _("Pets"), "expense", "paw-print", "amber", "Pet food, vets"),
    DefaultCategory("kids", _("Kids"), "expense", "baby", "lime", "Childcare, toys, children's clothes"),
    DefaultCategory("other", _("Other"), "expense", "circle-ellipsis", "gray", "Whatever fits nowhere else"),
    DefaultCategory("income", _("Income"), "income", "wallet", "emerald", "Money earned"),
    DefaultCategory("salary", _("Salary"), "income", "briefcase", "emerald", "Wages, salary, pension", parent="income"),
    DefaultCategory("interest", _("Interest"), "income", "percent", "teal", "Interest and dividends", parent="income"),
    DefaultCategory("other-income", _("Other income"), "income", "circle-plus", "teal", "Any other money earned", parent="income"),
    DefaultCategory("transfers", _("Transfers"), "transfer", "arrow-left-right", "cyan", "Between own accounts, card settlements, cash withdrawals"),
)  # fmt: skip
