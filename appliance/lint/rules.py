"""All rules, in the order in which their findings are told."""

from __future__ import annotations

from appliance.lint import delivery_rules, media_rules, multivariant_rules
from appliance.lint.findings import Finding
from appliance.lint.stream import Stream

RULES = (*delivery_rules.RULES, *multivariant_rules.RULES, *media_rules.RULES)


def judge(stream: Stream) -> tuple[Finding, ...]:
    """What the rules have to say of a stream; nothing, when it keeps all of them."""
    return tuple(finding for rule in RULES for finding in rule(stream))
