"""Results judged by people who do not know which method made which."""
