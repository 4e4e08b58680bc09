import os

DB_HOST = os.environ.get("DATABASE_HOST", os.environ.get("PGHOST", "localhost"))
DB_PORT = os.environ.get("DATABASE_PORT", os.environ.get("PGPORT", "5432"))
DB_NAME = "where2eat"
DB_USER = "where2eat"
DB_PASSWORD = "@@database_password@@"

RESTAURANT_API_URL = os.environ.get("RESTAURANT_API_URL", "https://api.restaurants.example")
RESTAURANT_API_KEY = "@@restaurant_api_key@@"
