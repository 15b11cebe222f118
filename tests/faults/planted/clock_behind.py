"""A worker whose wall clock is two minutes behind the database's."""

import time

from tests.faults.planted.shifted import shifted

time.time = shifted(time.time, -120.0)
