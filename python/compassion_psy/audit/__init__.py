"""Audits: what is odd in keys and answers, before any statistic is believed."""
