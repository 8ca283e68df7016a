"""Account numbers: check digits find what people mistype."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.ibans import NotAnIban, read_iban


@st.composite
def ibans(draw):
    """Account numbers whose check digits are worked out as ISO 7064 MOD 97-10 says."""
    country = draw(st.text(string.ascii_uppercase, min_size=2, max_size=2))
    account = draw(st.text(string.ascii_uppercase + string.digits, min_size=11, max_size=30))
    rest = int("".join(str(int(character, 36)) for character in f"{account}{country}00"))
    return f"{country}{98 - rest % 97:02}{account}"


@pytest.mark.parametrize(
    "iban",
    [
        "DE89370400440532013000",
        "GB82WEST12345698765432",
        "FR1420041010050500013M02606",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
    ],
)
def test_examples_of_the_standard_are_taken(iban):
    assert read_iban(iban) == iban


@given(ibans(), st.sampled_from(["", " ", "\u00a0", "\t"]))
def test_spaces_and_small_letters_do_not_matter(iban, space):
    groups = [iban[start : start + 4].lower() for start in range(0, len(iban), 4)]
    assert read_iban(f" {space.join(groups)} ") == iban


@given(ibans(), st.data())
def test_one_wrong_digit_or_letter_is_found(iban, data):
    place = data.draw(st.integers(0, len(iban) - 1))
    alike = string.digits if iban[place].isdigit() else string.ascii_uppercase
    other = data.draw(st.sampled_from(alike.replace(iban[place], "")))
    with pytest.raises(NotAnIban):
        read_iban(iban[:place] + other + iban[place + 1 :])


@given(st.from_regex(r"[0-9]{11,30}", fullmatch=True), st.data())
def test_two_digits_that_are_swapped_are_found(account, data):
    rest = int(f"{account}131400")
    iban = f"DE{98 - rest % 97:02}{account}"
    place = data.draw(st.integers(4, len(iban) - 2))
    one, two = iban[place], iban[place + 1]
    if one == two:
        assert read_iban(iban) == iban
        return
    with pytest.raises(NotAnIban) as caught:
        read_iban(iban[:place] + two + one + iban[place + 2 :])
    assert caught.value.code == "wrong_check_digits"


@pytest.mark.parametrize(("digits", "twin", "account"), [("98", "01", 15), ("97", "00", 33), ("02", "99", 94)])
def test_check_digits_that_the_standard_never_gives_are_refused(digits, twin, account):
    assert read_iban(f"GB{digits}{account:018}")
    with pytest.raises(NotAnIban):
        read_iban(f"GB{twin}{account:018}")
