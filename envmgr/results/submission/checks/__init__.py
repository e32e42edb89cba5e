"""The rules of a round, a room for each part of a submission; none of them trusts what another one saw."""
