import sys

from units.convert import convert


def main():
    amount, source, target = sys.argv[1:]
    print(convert(float(amount), source, target))
