"""Measures of the quality of pictures: functions of arrays that return numbers."""
