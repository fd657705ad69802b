"""Volcengine RTC's snapshot actions, version 2023-11-01, as the vendor's documents describe them."""
