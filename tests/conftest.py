"""How Hypothesis draws in all tests: the same examples each time, without a clock."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "graphc",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("graphc")
