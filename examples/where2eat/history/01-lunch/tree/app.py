from flask import Flask, redirect, render_template, request
import os
import psycopg
import requests

DATABASE_URL = "postgresql://where2eat:@@database_password_earlier@@@localhost:5432/where2eat"

app = Flask(__name__)
app.secret_key = "@@session_key@@"


@app.route("/")
def home():
    answer = requests.get(
        os.environ.get("RESTAURANT_API_URL", "https://api.restaurants.example") + "/v1/restaurants",
        params={"near": "office", "key": "@@restaurant_api_key@@"},
    )
    with psycopg.connect(DATABASE_URL) as db:
        crew = db.execute("SELECT name, email, vote FROM crew ORDER BY name").fetchall()
    return render_template("index.html", restaurants=answer.json()["restaurants"], crew=crew)


@app.route("/vote", methods=["POST"])
def vote():
    with psycopg.connect(DATABASE_URL) as db:
        db.execute("UPDATE crew SET vote = %s WHERE name = %s", (request.form["restaurant"], request.form["name"]))
    return redirect("/")


if __name__ == "__main__":
    app.run(debug=True)
