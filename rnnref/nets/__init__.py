"""The networks: functions over NamedTuples of arrays, each forward beside its backward."""
