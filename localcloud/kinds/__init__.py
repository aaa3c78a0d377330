"""How each kind of resource is created: what the Pulumi plugin sends for it, and what state it then shows.

One function a kind, `create(session, inputs) -> Created`, listed in a table by Pulumi's type token. They are written from the plugins'
recorded exchanges, and checked against the states that the real engine recorded (`tests/localcloud/api/test_provider.py`).
"""
