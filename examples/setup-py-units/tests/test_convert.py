import pytest

from units.convert import convert


def test_convert():
    assert convert(1, "mile", "kilometre") == pytest.approx(1.609344)
    assert convert(36, "km/h", "m/s") == pytest.approx(10)
