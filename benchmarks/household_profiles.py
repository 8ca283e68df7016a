"""Profiles of invented households: income, spending habits and events.

Each household draws its own rates around those of its profile. A modest month costs about 1,500.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class HouseholdProfile:
    """Habits of a kind of household. Rates are per week unless stated otherwise."""

    name: str
    #: "salary" monthly, "wages" weekly, "invoices" now and then, "pension" monthly, "dues" of members, "none".
    income: str
    #: Usual income of a month.
    net: float
    #: Share of the income for rent or mortgage; 0 without either.
    rent: float
    #: Visits a week by category (see CATEGORIES) and the median amount of one.
    visits: tuple[tuple[str, float, float], ...]
    #: Numbers of regular bills.
    subscriptions: int = 4
    utilities: int = 3
    quarterly: int = 1
    yearly: int = 3
    #: Travels, large purchases and refunds per year.
    travels: float = 1.5
    large: float = 3.0
    refunds: float = 4.0
    #: Chance per year of moving and of losing the job, and share of weeks without records.
    moving: float = 0.1
    job_loss: float = 0.06
    unrecorded: float = 0.0
    #: Share of rows without a category, and of payees with several spellings.
    uncategorized: float = 0.01
    aliases: float = 0.1


CATEGORIES = (
    "groceries", "dining", "transport", "shopping", "health", "leisure", "home", "kids", "pets", "cash",
    "rent", "utilities", "subscriptions", "insurance", "taxes", "education", "travel", "gifts", "fees",
    "large", "income",
)  # fmt: skip
CATEGORY_IDS = {name: number for number, name in enumerate(CATEGORIES, 1)}

PROFILES = (
    HouseholdProfile("student", "wages", 1100, 0.35,
         (("groceries", 2.2, 14), ("dining", 2.0, 9), ("transport", 0.6, 12), ("leisure", 0.7, 15),
          ("shopping", 0.4, 25)),
         subscriptions=4, utilities=1, quarterly=0, yearly=2, travels=1.5, large=1.5, moving=0.4, job_loss=0.2),
    HouseholdProfile("family", "salary", 4600, 0.28,
         (("groceries", 3.5, 48), ("kids", 1.2, 28), ("dining", 0.8, 42), ("transport", 1.3, 48), ("shopping", 1.2, 38),
          ("health", 0.5, 22), ("home", 0.5, 35), ("leisure", 0.5, 40), ("gifts", 0.25, 30)),
         subscriptions=7, utilities=5, quarterly=3, yearly=7, travels=2.2, large=5, refunds=9),
    HouseholdProfile("freelancer", "invoices", 3200, 0.27,
         (("groceries", 2.4, 27), ("dining", 2.4, 16), ("transport", 0.9, 22), ("shopping", 0.8, 45),
          ("education", 0.15, 60), ("leisure", 0.5, 25), ("health", 0.2, 40)),
         subscriptions=9, utilities=3, quarterly=4, yearly=5, travels=2.5, large=3, refunds=5, job_loss=0.0),
    HouseholdProfile("pensioner", "pension", 1700, 0.3,
         (("groceries", 3.2, 18), ("health", 0.8, 14), ("cash", 0.5, 70), ("dining", 0.4, 18), ("gifts", 0.3, 25),
          ("home", 0.2, 22)),
         subscriptions=2, utilities=4, quarterly=2, yearly=6, travels=0.7, large=1.5, refunds=1, moving=0.02,
         job_loss=0.0),
    HouseholdProfile("couple", "salary", 3900, 0.3,
         (("groceries", 2.6, 34), ("dining", 1.6, 31), ("transport", 0.8, 30), ("shopping", 1.0, 42),
          ("leisure", 0.7, 33), ("health", 0.25, 28), ("pets", 0.3, 34), ("home", 0.3, 40)),
         subscriptions=6, utilities=4, quarterly=2, yearly=5, travels=2.8, large=4, refunds=7, moving=0.15),
    HouseholdProfile("club", "dues", 900, 0.0,
         (("leisure", 0.35, 60), ("home", 0.3, 45), ("gifts", 0.08, 40), ("dining", 0.12, 80), ("shopping", 0.2, 55)),
         subscriptions=1, utilities=2, quarterly=2, yearly=4, travels=0.6, large=2, refunds=0.5, moving=0.03,
         job_loss=0.0),
    HouseholdProfile("commuter", "salary", 2600, 0.3,
         (("groceries", 2.3, 24), ("transport", 2.6, 11), ("dining", 3.2, 8.5), ("shopping", 0.6, 36),
          ("leisure", 0.4, 22), ("health", 0.2, 20)),
         subscriptions=5, utilities=3, quarterly=1, yearly=3, travels=1.3, large=2),
    HouseholdProfile("cash lover", "salary", 2100, 0.33,
         (("cash", 1.3, 60), ("groceries", 0.9, 33), ("shopping", 0.4, 48), ("transport", 0.4, 40)),
         subscriptions=2, utilities=3, quarterly=1, yearly=3, travels=0.8, large=2, refunds=1, uncategorized=0.08),
    HouseholdProfile("sparse writer", "none", 1800, 0.0,
         (("groceries", 1.1, 30), ("dining", 0.7, 24), ("shopping", 0.5, 38), ("leisure", 0.3, 28)),
         subscriptions=2, utilities=1, quarterly=0, yearly=1, travels=1.0, large=1.5, unrecorded=0.3,
         uncategorized=0.05),
    HouseholdProfile("owner in the country", "salary", 3500, 0.24,
         (("groceries", 1.8, 52), ("transport", 1.5, 55), ("home", 0.8, 44), ("shopping", 0.8, 40), ("pets", 0.5, 38),
          ("health", 0.3, 25), ("dining", 0.5, 30), ("kids", 0.4, 30)),
         subscriptions=4, utilities=5, quarterly=4, yearly=9, travels=1.2, large=5, refunds=5, moving=0.02),
    HouseholdProfile("traveller", "salary", 3300, 0.27,
         (("groceries", 1.5, 22), ("dining", 3.0, 19), ("transport", 2.0, 14), ("shopping", 0.7, 50),
          ("leisure", 1.0, 24), ("fees", 0.3, 3)),
         subscriptions=7, utilities=2, quarterly=0, yearly=3, travels=6.0, large=2, moving=0.3, aliases=0.25),
    HouseholdProfile("out of work", "salary", 1900, 0.36,
         (("groceries", 2.8, 16), ("transport", 0.6, 14), ("dining", 0.6, 11), ("shopping", 0.4, 22),
          ("health", 0.2, 12), ("fees", 0.2, 8)),
         subscriptions=3, utilities=3, quarterly=1, yearly=2, travels=0.4, large=1.5, moving=0.2, job_loss=0.6),
)  # fmt: skip
