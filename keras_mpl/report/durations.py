"""Durations in words, as precise as a forecast can be."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def in_words(seconds: float) -> str:
    """Returns a duration in words.

    >>> in_words(8.2), in_words(75), in_words(1510), in_words(9000)
    ('8 seconds', '75 seconds', '25 minutes', '2.5 hours')
    """
    if seconds < 1.5:
        return "1 second"
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    if seconds < 100 * _MINUTE:
        return f"{seconds / _MINUTE:.0f} minutes"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.1f} hours"
    return f"{seconds / _DAY:.1f} days"


def short(seconds: float) -> str:
    """Returns a duration in a few characters.

    >>> short(8.2), short(75), short(1510), short(9000)
    ('8 s', '1 min 15 s', '25 min', '2 h 30 min')
    """
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < 10 * _MINUTE:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
