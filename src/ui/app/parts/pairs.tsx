/** @file Names and values, sorted. */

export function Pairs({ values }: { values: Readonly<Record<string, string>> }) {
  const rows = Object.entries(values).sort(([a], [b]) => a.localeCompare(b));
  return (
    <dl className="pairs">
      {rows.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
