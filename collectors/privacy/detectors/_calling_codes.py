"""Country calling codes that ITU-T E.164 (list of assigned codes) has given out."""

from __future__ import annotations

_ONE_AND_TWO = (
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 "
    "81 82 84 86 90 91 92 93 94 95 98"
)
_THREE = (
    "211 212 213 216 218 290 291 297 298 299 370 371 372 373 374 375 376 377 378 379 380 381 382 383 385 386 "
    "387 389 420 421 423 670 672 673 674 675 676 677 678 679 800 808 850 852 853 855 856 870 878 880 881 882 "
    "883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 992 993 994 995 996 "
    "998"
)
_RANGES = (range(220, 270), range(350, 360), range(500, 510), range(590, 600), range(680, 693))
# Inside the ranges above, and spare.
_SPARE = {"259", "684"}
_IN_RANGES = {str(code) for part in _RANGES for code in part} - _SPARE
CODES = frozenset(_ONE_AND_TWO.split()) | frozenset(_THREE.split()) | _IN_RANGES


def has_calling_code(digits: str) -> bool:
    """Whether international digits, without + or 00, begin with an assigned code.

    >>> has_calling_code("4930123456"), has_calling_code("9991234567")
    (True, False)
    """
    return digits[:1] in CODES or digits[:2] in CODES or digits[:3] in CODES
