"""Invented names of Doggerland: districts, regions, wards and its neighbour Silverpit.

Pure data and string building, no numpy. No name here is that of an English district.
"""

from __future__ import annotations

NATION_PREFIX = "X"
NEIGHBOUR_PREFIX = "Y"

# Seats are filled in order of town size. One apostrophe and one comma are deliberate: both occur
# in English names ("Bristol, City of", "King's Lynn and West Norfolk") and break naive readers.
MAINLAND_DISTRICTS = (
    "Thornhaven", "Skarholm", "Merrowdale", "Fenmarch", "Oldersea", "Kelsterby", "Wraymouth",
    "Dunsmere", "Harrowness", "Saltreach", "Brackenwold", "Ousterby", "Graywater", "Tidehaven",
    "Marlingate", "Northscar", "Eelby", "Coldstrand", "Amberholm", "Vikendale", "Lowmarsh",
    "Ravenspit", "Stonebank", "Hollinsea", "Peatling and Wick", "King's Reach",
)  # fmt: skip
ISLAND_DISTRICT = "Sandholme, Isle of"

# (first year in which the new code holds, name of the merged district)
MERGERS = ((2019, "Great Fisher"), (2020, "Mid Dogger"), (2023, "Bankhead and Tailsend"))
REGIONS = ("Northern Bank", "Eastern Shoals", "Southern Flats", "Western Reach")

_WARD_STEMS = (
    "Alder", "Ash", "Birk", "Cold", "Drift", "Eld", "Fisher", "Gorse", "Heron", "Iron", "Kelp",
    "Lark", "Marsh", "Nether", "Oyster", "Plover", "Quern", "Reed", "Salt", "Tern", "Under",
    "Vine", "West", "Yarrow",
)  # fmt: skip
_WARD_ENDINGS = (
    "bank", "by", "cliffe", "dyke", "field", "gate", "holm", "ley", "ness", "park", "wick", "worth"
)  # fmt: skip
_COMMON_WARDS = ("Abbey", "Castle", "Docks & Quayside", "St Wulfric's", "Town", "Wick, Upper")
WARD_SPECIALS = len(_COMMON_WARDS)  # how many names at the head of `ward_names` are common ones

# The neighbour plays the part of Wales: present in the lookups, absent from the indices, and
# with a second language whose names are not ASCII.
NEIGHBOUR = "Silverpit"
NEIGHBOUR_REGION_CODE = f"{NEIGHBOUR_PREFIX}92000004"
NATION = f"{NATION_PREFIX}92000001", "Doggerland"
NEIGHBOUR_NATION = NEIGHBOUR_REGION_CODE, NEIGHBOUR
BOTH_NATIONS = "Z04000001", f"{NATION[1]} and {NEIGHBOUR}"
NEIGHBOUR_DISTRICTS = (
    (f"{NEIGHBOUR_PREFIX}06000001", "Inner Silverpit", "Innri Silfurgröf"),
    (f"{NEIGHBOUR_PREFIX}06000002", "Outer Silverpit", "Ytri Silfurgröf"),
)


def ward_names() -> list[str]:
    """All ward names; they repeat between districts (as Abbey does), never within one."""
    built = [stem + ending for stem in _WARD_STEMS for ending in _WARD_ENDINGS]
    return [*_COMMON_WARDS, *built]
