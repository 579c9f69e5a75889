"""From what is asked for to results in place: plans, records, one picture and many."""
