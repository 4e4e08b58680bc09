const express = require('express');
const Database = require('better-sqlite3');

const db = new Database('polls.db');
db.exec('CREATE TABLE IF NOT EXISTS polls (week TEXT NOT NULL, dish TEXT NOT NULL)');

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(express.static('public'));

function week() {
  return new Date().toISOString().slice(0, 10);
}

app.post('/vote', (req, res) => {
  db.prepare('INSERT INTO polls (week, dish) VALUES (?, ?)').run(week(), req.body.dish);
  res.redirect('/results');
});

app.get('/results', (req, res) => {
  res.json(db.prepare('SELECT dish, COUNT(*) AS votes FROM polls WHERE week = ? GROUP BY dish').all(week()));
});

app.listen(3000, () => console.log('lunch poll on http://localhost:3000'));
