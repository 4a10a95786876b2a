/**
 * The ledger's schema, one text a version; version n is the sum of the first n. A text that has
 * been released is never edited: a change is a new text at the end.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE run (
    id          TEXT PRIMARY KEY,
    job         TEXT NOT NULL,
    slot        TEXT,
    trigger     TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted', 'refused')),
    as_of       TEXT,
    started_ms  INTEGER NOT NULL,
    ended_ms    INTEGER,
    owner       TEXT NOT NULL,
    version     TEXT NOT NULL,
    config_hash TEXT NOT NULL,
    exit_code   INTEGER,
    error       TEXT,
    warnings    TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX run_by_job ON run (job, started_ms);
  CREATE INDEX run_by_state ON run (state, started_ms);

  CREATE TABLE stage (
    run         TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    position    INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed', 'interrupted', 'skipped')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    reused_from TEXT,
    fingerprint TEXT,
    started_ms  INTEGER,
    ended_ms    INTEGER,
    summary     TEXT,
    output      TEXT,
    error       TEXT,
    PRIMARY KEY (run, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX stage_by_fingerprint ON stage (name, fingerprint, state, ended_ms);

  CREATE TABLE champion_decision (
    id          INTEGER PRIMARY KEY,
    horizon     TEXT NOT NULL,
    as_of       TEXT NOT NULL,
    maker       TEXT NOT NULL CHECK (maker IN ('predict', 'evaluate', 'person')),
    kind        TEXT NOT NULL,
    algorithm   TEXT NOT NULL,
    spec        TEXT NOT NULL,
    run         TEXT,
    who         TEXT,
    reason      TEXT NOT NULL,
    numbers     TEXT NOT NULL,
    decided_ms  INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX decision_by_stage ON champion_decision (horizon, as_of, maker) WHERE maker <> 'person';
  CREATE INDEX decision_by_horizon ON champion_decision (horizon, as_of, id);

  CREATE TABLE model_version (
    horizon     TEXT NOT NULL,
    algorithm   TEXT NOT NULL,
    version     TEXT NOT NULL,
    spec        TEXT NOT NULL,
    seed        INTEGER NOT NULL,
    as_of       TEXT NOT NULL,
    run         TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    PRIMARY KEY (horizon, algorithm, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE model_alias (
    horizon     TEXT NOT NULL,
    alias       TEXT NOT NULL CHECK (alias IN ('champion', 'previous')),
    algorithm   TEXT NOT NULL,
    spec        TEXT NOT NULL,
    version     TEXT NOT NULL,
    as_of       TEXT NOT NULL,
    run         TEXT,
    moved_ms    INTEGER NOT NULL,
    PRIMARY KEY (horizon, alias)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE stage ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';
  `,
  `
  CREATE TABLE job (
    name            TEXT PRIMARY KEY,
    schedule        TEXT NOT NULL,
    since_ms        INTEGER NOT NULL,
    through_ms      INTEGER NOT NULL,
    is_enabled      INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
    override        TEXT CHECK (override IN ('enabled', 'disabled')),
    override_who    TEXT,
    override_reason TEXT,
    override_ms     INTEGER,
    next_due_ms     INTEGER,
    next_stamp      TEXT,
    checked_ms      INTEGER,
    checked         TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE slot (
    job         TEXT NOT NULL,
    name        TEXT NOT NULL,
    due_ms      INTEGER NOT NULL,
    day         TEXT NOT NULL,
    verdict     TEXT CHECK (verdict IN ('done', 'failed', 'skipped', 'missed', 'superseded')),
    reason      TEXT,
    run         TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    failures    INTEGER NOT NULL DEFAULT 0,
    is_catch_up INTEGER NOT NULL DEFAULT 0 CHECK (is_catch_up IN (0, 1)),
    claimed_ms  INTEGER,
    recorded_ms INTEGER NOT NULL,
    PRIMARY KEY (job, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX slot_by_due ON slot (job, due_ms);
  CREATE INDEX slot_by_day ON slot (job, day);
  CREATE INDEX slot_claimed ON slot (job, due_ms) WHERE verdict IS NULL;
  CREATE INDEX slot_caught_up ON slot (job, claimed_ms) WHERE is_catch_up = 1;

  CREATE TABLE slot_range (
    job         TEXT NOT NULL,
    after_ms    INTEGER NOT NULL,
    through_ms  INTEGER NOT NULL,
    verdict     TEXT NOT NULL CHECK (verdict IN ('skipped', 'missed', 'superseded')),
    reason      TEXT NOT NULL,
    recorded_ms INTEGER NOT NULL,
    PRIMARY KEY (job, after_ms)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE clock_mark (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    newest_ms   INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- Newest means recorded last, whatever the wall clock said meanwhile: rows are read by rowid.
  DROP INDEX run_by_job;
  DROP INDEX run_by_state;
  CREATE INDEX run_by_job ON run (job);
  CREATE INDEX run_by_state ON run (state);
  `,
  `
  CREATE TABLE incident (
    id           INTEGER PRIMARY KEY,
    key          TEXT NOT NULL,
    kind         TEXT NOT NULL,
    job          TEXT,
    severity     TEXT NOT NULL CHECK (severity IN ('warn', 'fail')),
    message      TEXT NOT NULL,
    is_escalated INTEGER NOT NULL DEFAULT 0 CHECK (is_escalated IN (0, 1)),
    opened_ms    INTEGER NOT NULL,
    told_ms      INTEGER NOT NULL,
    recovered_ms INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX incident_open ON incident (key) WHERE recovered_ms IS NULL;

  CREATE TABLE alert (
    id           INTEGER PRIMARY KEY,
    incident     INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
    edge         TEXT NOT NULL CHECK (edge IN ('opened', 'escalated', 'reminded', 'recovered')),
    message      TEXT NOT NULL,
    told_ms      INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX alert_by_incident ON alert (incident);

  CREATE TABLE quiet_run (
    run          TEXT PRIMARY KEY,
    progress_ms  INTEGER NOT NULL,
    quiet_ms     INTEGER NOT NULL,
    seen_ms      INTEGER NOT NULL,
    uptime_ms    INTEGER NOT NULL,
    boot         TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- One life of a service within its run: started, restarted, ended, and why.
  CREATE TABLE attempt (
    run         TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    started_ms  INTEGER NOT NULL,
    process     TEXT,
    ended_ms    INTEGER,
    reason      TEXT,
    PRIMARY KEY (run, number)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE INDEX run_by_as_of ON run (job, state, as_of);
  `,
  `
  -- A home is its first symbol's: what it has learnt of one says nothing of another.
  CREATE TABLE home (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    symbol      TEXT NOT NULL
  ) STRICT;

  -- The random walk serves without a version of its own.
  CREATE TABLE model_alias_of_specs (
    horizon     TEXT NOT NULL,
    alias       TEXT NOT NULL CHECK (alias IN ('champion', 'previous')),
    algorithm   TEXT NOT NULL,
    spec        TEXT NOT NULL,
    version     TEXT,
    as_of       TEXT NOT NULL,
    run         TEXT,
    moved_ms    INTEGER NOT NULL,
    PRIMARY KEY (horizon, alias),
    CHECK ((version IS NULL) = (spec = 'random_walk'))
  ) STRICT, WITHOUT ROWID;
  INSERT INTO model_alias_of_specs (horizon, alias, algorithm, spec, version, as_of, run, moved_ms)
    SELECT horizon, alias, algorithm, spec, version, as_of, run, moved_ms FROM model_alias;
  DROP TABLE model_alias;
  ALTER TABLE model_alias_of_specs RENAME TO model_alias;
  `,
];
