"""Times and how long ago they were, as kubectl prints them (k8s.io/apimachinery/pkg/util/duration)."""

from datetime import datetime


def age(text: str | None, now: datetime) -> str:
    """Tell how long before now a timestamp of an object is."""
    return human_duration((now - datetime.fromisoformat(text)).total_seconds()) if text else "<unknown>"


def human_duration(duration_s: float) -> str:
    """Write a duration with at most two units and about two figures."""
    seconds = int(duration_s)
    if duration_s < 0:
        return "<invalid>" if seconds < -1 else "0s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 180:
        return _two(minutes, "m", seconds % 60, "s") if minutes < 10 else f"{minutes}m"
    if hours < 48:
        return _two(hours, "h", minutes % 60, "m") if hours < 8 else f"{hours}h"
    if days < 365 * 2:
        return _two(days, "d", hours % 24, "h") if days < 8 else f"{days}d"
    return _two(days // 365, "y", days % 365, "d") if days < 365 * 8 else f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
