CREATE TABLE crew (
    id serial PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    vote text
);
