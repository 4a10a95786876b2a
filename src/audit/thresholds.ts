/**
 * The figures by which exports are judged. They are constants: a threshold that everybody tunes
 * until it is silent guards nothing. Freshness, which differs between sources, is in `cbi.yaml`.
 */
export const THRESHOLDS = {
  /** Fewer or more rows than the newest export, as shares of its rows. */
  rows: { lossWarn: 0.005, lossError: 0.02, growthWarn: 0.2 },
  /** Longest run of sessions without a row in the newest two years. */
  gap: { warn: 3, error: 7, days: 730 },
  /** Share of null rows from the first value on, and its rise overnight. */
  nulls: { warn: 0.05, error: 0.3, riseWarn: 0.02 },
  /** Share of the training window before a column's first value. */
  lateStart: { warn: 0.5 },
  /** Share of the labels that are missing for a reason given by name. */
  quarantine: { warn: 0.02, error: 0.3 },
  /** Equal values in succession of the price and the watched columns. */
  stuck: { warn: 10, error: 30 },
  /** Robust deviations of a step of ln(price), and the newest rows in which one is news. */
  outlier: { deviations: 10, newsRows: 63 },
  /** Share of the cells older than 60 days whose value is another than in the newest export. */
  rewritten: { warn: 0.001, error: 0.05, days: 60 },
  /** |correlation| of a feature with the label. */
  leak: { warn: 0.9, error: 0.98 },
  /** |correlation| of a feature's daily changes with those of a later price or return. */
  lookAhead: { error: 0.98, rowsMin: 30 },
  /**
   * |Spearman| or |2·AUC − 1| of a feature with the label. On forty years of oil the 61 honest
   * features of the demo stay below 0.31 in all five horizons, and below what chance reaches; the
   * label's sign has 1.00, its quartile 0.97, its sign wrong in every fifth row 0.60.
   */
  leakRank: { warn: 0.3, error: 0.5 },
  /** |2·AUC − 1| of a feature with the direction of the price over the next rows. */
  lookAheadDirection: { warn: 0.5, error: 0.8 },
  /** How often chance alone may exceed the limits of the two above, in one export. */
  chance: { warn: 0.05, error: 0.001 },
  drift: { rows: 63, referenceRows: 504, bins: 10, psi: 0.2, distance: 0.1, p: 0.01, columns: 0.5 },
  /** Values made twice may differ by so much of the column's greatest: sums in another order. */
  truncation: { tolerance: 1e-9 },
  /** A label may differ so much from its recomputation, relative to 1 + its size. */
  labelTolerance: 1e-6,
} as const;
