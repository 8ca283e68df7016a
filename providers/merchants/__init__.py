"""The merchants link: knows brands and general words, so that a merchant nobody labeled yet gets a category.

Pure: it imports the interface and the normalization of `providers`, rapidfuzz, Babel for names of countries, and
nothing else.
"""

from providers.merchants.provider import MerchantProvider

__all__ = ["MerchantProvider"]
