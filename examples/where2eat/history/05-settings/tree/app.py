import os

import psycopg
import requests
from flask import Flask, redirect, render_template, request

import config

app = Flask(__name__)
app.secret_key = "@@session_key@@"


def database():
    return psycopg.connect(
        host=config.DB_HOST,
        port=config.DB_PORT,
        dbname=config.DB_NAME,
        user=config.DB_USER,
        password=config.DB_PASSWORD,
        application_name="where2eat",
    )


@app.route("/")
def home():
    answer = requests.get(
        config.RESTAURANT_API_URL + "/v1/restaurants",
        params={"near": "office"},
        headers={"X-Api-Key": config.RESTAURANT_API_KEY},
    )
    with database() as db:
        crew = db.execute("SELECT name, email, vote FROM crew ORDER BY name").fetchall()
    return render_template("index.html", restaurants=answer.json()["restaurants"], crew=crew)


@app.route("/vote", methods=["POST"])
def vote():
    with database() as db:
        db.execute("UPDATE crew SET vote = %s WHERE name = %s", (request.form["restaurant"], request.form["name"]))
    return redirect("/")


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8080")), debug=True)
