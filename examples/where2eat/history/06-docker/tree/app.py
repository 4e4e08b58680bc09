import os

import psycopg
import requests
from flask import Flask, flash, jsonify, redirect, render_template, request

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


def restaurants(near):
    answer = requests.get(
        config.RESTAURANT_API_URL + "/v1/restaurants",
        params={"near": near},
        headers={"X-Api-Key": config.RESTAURANT_API_KEY},
    )
    answer.raise_for_status()
    return answer.json()["restaurants"]


def my_crew(db):
    return db.execute(
        "SELECT crew.name, crew.email, votes.restaurant FROM crew"
        " LEFT JOIN votes ON votes.crew_id = crew.id AND votes.day = CURRENT_DATE ORDER BY crew.name"
    ).fetchall()


@app.route("/")
def home():
    near = request.args.get("near", "office")
    with database() as db:
        crew = my_crew(db)
    counts = {}
    for _name, _email, choice in crew:
        if choice:
            counts[choice] = counts.get(choice, 0) + 1
    return render_template("index.html", restaurants=restaurants(near), crew=crew, counts=counts, near=near)


@app.route("/api/crew")
def crew_as_json():
    with database() as db:
        return jsonify([{"name": name, "email": email, "vote": choice} for name, email, choice in my_crew(db)])


@app.route("/vote", methods=["POST"])
def vote():
    with database() as db:
        db.execute(
            "INSERT INTO votes (crew_id, restaurant) SELECT id, %s FROM crew WHERE email = %s"
            " ON CONFLICT (crew_id, day) DO UPDATE SET restaurant = excluded.restaurant",
            (request.form["restaurant"], request.form["email"]),
        )
    flash("Thanks for voting!")
    return redirect("/")


if __name__ == "__main__":
    app.run(host=os.environ.get("HOST", "0.0.0.0"), port=int(os.environ.get("PORT", "8080")), debug=True)
