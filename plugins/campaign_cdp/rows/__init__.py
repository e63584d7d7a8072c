"""From the bytes of a part to clean lines for COPY and rejects with a reason. Pure: no Airflow, no servers."""
