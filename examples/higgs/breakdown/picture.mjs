/** What each step brings as a picture: score, training time and prediction time, side by side. */

/** A Vega-Lite specification with one row a step. */
export function picture(rows) {
  const names = rows.map(({ name }) => name);
  const panel = (title, fields, { zero = false, log = false, hasNames = false }) => {
    const values = rows.map((row) => ({ step: row.name, ...fields(row) }));
    const y = {
      field: "step",
      type: "nominal",
      sort: names,
      axis: hasNames
        ? { title: null, labelFontSize: 12, labelLimit: 200, ticks: false }
        : { title: null, labels: false, ticks: false },
    };
    const scale = { zero, nice: !log, padding: log ? 12 : 0, ...(log ? { type: "log" } : {}) };
    const axis = {
      title,
      grid: true,
      tickCount: log ? 3 : 4,
      ...(log ? { format: ",~g" } : {}),
      labelOverlap: "greedy",
    };
    const x = (field) => ({ field, type: "quantitative", scale, axis });
    const bars = [
      // What brings nothing lies on this line.
      ...(zero
        ? [{ mark: { type: "rule", color: "#555" }, encoding: { x: { datum: 0, scale, axis } } }]
        : []),
      {
        mark: { type: "rule", strokeWidth: 1.5, color: "#5790fc" },
        encoding: { x: x("low"), x2: { field: "high" }, y },
      },
      {
        mark: { type: "point", filled: true, size: 60, opacity: 1, color: "#5790fc" },
        encoding: { x: x("value"), y },
      },
    ];
    return { width: 210, height: 26 * rows.length, data: { values }, layer: bars };
  };
  const measured = (key) => (row) => {
    const { value, uncertainty } = row[key];
    return { value, low: value - uncertainty, high: value + uncertainty };
  };
  // The first step has none before it.
  const gained = (row) =>
    row === rows[0] ? { value: null, low: null, high: null } : measured("aucGain")(row);
  const exact = (key) => (row) => ({ value: row[key], low: row[key], high: row[key] });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: "Score, training time and prediction time of each step",
    padding: 10,
    spacing: 24,
    hconcat: [
      panel("Weighted AUC", measured("auc"), { hasNames: true }),
      panel("AUC gained by the step", gained, { zero: true }),
      panel("Mean AMS, cuts keeping 12–18 %", measured("ams"), {}),
      panel("Training [s], one core", exact("trainingSeconds"), { log: true }),
      panel("Prediction [ms / 1000 events]", exact("predictionMilliseconds"), { log: true }),
    ],
    config: {
      background: "white",
      font: "Helvetica, Arial, sans-serif",
      axis: { titleFontWeight: "normal" },
    },
  };
}
