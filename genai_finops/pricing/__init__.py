"""The price catalogue and the rules that recognise models. No database, no dbt: frames go out, the lake stores them."""
