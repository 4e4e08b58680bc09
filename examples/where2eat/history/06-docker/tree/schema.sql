CREATE TABLE crew (
    id serial PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE
);

CREATE TABLE votes (
    crew_id integer NOT NULL REFERENCES crew (id),
    restaurant text NOT NULL,
    day date NOT NULL DEFAULT CURRENT_DATE,
    UNIQUE (crew_id, day)
);
