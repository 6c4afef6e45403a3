from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="units",
    version="1.2",
    description="Converts units over HTTP",
    long_description=Path(__file__).with_name("README.md").read_text(),
    packages=find_packages(exclude=["tests"]),
    package_data={"units": ["data/*.yaml"]},
    python_requires=">=3.8",
    install_requires=[
        "Flask>=2.2",
        "PyYAML",  # the table of units
    ],
    entry_points={"console_scripts": ["units = units.cli:main"]},
)
