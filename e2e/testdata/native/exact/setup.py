from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("exact", ["exact.cpp"], libraries=["mpfr", "gmpxx", "gmp"]),
    ],
)
