import requests

KEY = dict(line.strip().split("=", 1) for line in open(".env"))["SENDGRID_API_KEY"]


def remind(address):
    requests.post(
        "https://api.sendgrid.com/v3/mail/send",
        headers={"Authorization": "Bearer " + KEY},
        json={
            "personalizations": [{"to": [{"email": address}]}],
            "from": {"email": "lunch@where2eat.example"},
            "subject": "Vote!",
            "content": [{"type": "text/plain", "value": "Where do we eat on friday?"}],
        },
    )
