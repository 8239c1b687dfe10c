"""Markets: the countries of ISO 3166-1 by their two letters, and everywhere.

Pure. A listener's market is a country or unknown; a licence's may also be :data:`EVERYWHERE`. What is no country of the
list is refused in an input, and counts as unknown in a header: edges write `XX` or `T1` for what they cannot place.
"""

from __future__ import annotations

from graph.errors import ProblemCode, refused

EVERYWHERE = "*"
"""Stands for every market, also for that of a listener whose country is not known."""

COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 -- 249 quoted strings would fill a page
)
"""The 249 codes that are assigned."""


def known(text: str | None) -> str | None:
    """The country that a header or a setting names; None when it names none."""
    code = (text or "").strip().upper()
    return code if code in COUNTRIES else None


def checked(text: str, *, field: str) -> str:
    """The country that an input names. Raises Refused."""
    code = known(text)
    if code is None:
        raise refused(ProblemCode.INVALID_VALUE, field, "Give a country by its two letters (ISO 3166-1), such as SE.")
    return code
