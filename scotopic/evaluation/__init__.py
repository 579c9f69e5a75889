"""Methods judged: results scored against references, doubted, compared and reported."""
