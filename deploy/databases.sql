-- Beside Prefect's, which POSTGRES_DB names: run once, when the volume is new.
CREATE DATABASE mlflow_login;
CREATE DATABASE mlflow;
