import pytest

from links.names import Names


def test_there_and_back():
    names = Names("a secret")
    assert names.address(names.name("https://example.org/")) == "https://example.org/"
    assert names.address("no name") is None


def test_no_address():
    with pytest.raises(ValueError):
        Names("a secret").name("ftp://example.org/")
