/** @file Country facts, the questions on them and the sheets that answer. */
import type { Split } from "../types.ts";
import { splitOf } from "./random.ts";
import { packageJson } from "./sources.ts";

type Row = {
  name: { common: string };
  cca2: string;
  cca3: string;
  tld: string[];
  currencies: Record<string, { name: string; symbol: string }> | never[];
  capital: string[];
  region: string;
  subregion: string;
  languages: Record<string, string>;
  borders: string[];
  area: number;
  landlocked: boolean;
  demonyms?: { eng?: { m: string } };
};

export type Country = {
  /** Three-letter code, the id of its sheet. */
  readonly code: string;
  readonly flag: string;
  /** Code of the country whose outline is drawn: its own. */
  readonly outline: string;
  readonly name: string;
  readonly split: Split;
  readonly capital: string | undefined;
  readonly currency: string | undefined;
  readonly languages: readonly string[];
  readonly region: string;
  readonly subregion: string;
  /** Names of neighbours. */
  readonly borders: readonly string[];
  readonly area: number;
  readonly landlocked: boolean;
  readonly demonym: string | undefined;
  readonly domain: string | undefined;
};

export function readCountries(): Country[] {
  const rows = packageJson("world-countries", "countries.json") as Row[];
  const nameOf = new Map(rows.map((row) => [row.cca3, row.name.common]));
  return rows
    .map((row) => ({
      code: row.cca3.toLowerCase(),
      flag: row.cca2.toLowerCase(),
      outline: row.cca3.toLowerCase(),
      name: row.name.common,
      split: splitOf("country", row.cca3),
      capital: row.capital[0] || undefined,
      currency: Object.values(row.currencies as Record<string, { name: string }>)[0]?.name,
      languages: Object.values(row.languages ?? {}),
      region: row.region,
      subregion: row.subregion || row.region,
      borders: row.borders.map((code) => nameOf.get(code)!).toSorted(),
      area: row.area,
      landlocked: row.landlocked,
      demonym: row.demonyms?.eng?.m || undefined,
      domain: row.tld[0] || undefined,
    }))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

export type Question = {
  readonly id: string;
  readonly text: string;
  readonly positives: ReadonlyMap<string, number>;
};

/** Grade of the sheet a question names, where other sheets answer it too. */
const OWN_SHEET = 2;

/** Questions with one answer: the sheet of the country. */
function ownQuestions(country: Country): Question[] {
  const { code, name, capital, currency, languages } = country;
  const own = new Map([[code, 1]]);
  const texts: [string, string | undefined][] = [
    ["capital-of", capital && `What is the capital of ${name}?`],
    ["currency-of", currency && `What money do people use in ${name}?`],
    ["languages-of", languages.length > 0 ? `Which languages are spoken in ${name}?` : undefined],
    ["area-of", `How large is ${name}?`],
  ];
  return texts.flatMap(([kind, text]) =>
    text ? [{ id: `${kind}:${code}`, text, positives: own }] : [],
  );
}

/** Questions that several countries may answer: 37 demonyms, capitals and domains are shared too. */
function sharedQuestions(countries: readonly Country[]): Question[] {
  const answers = new Map<string, { text: string; codes: string[] }>();
  const note = (kind: string, value: string, text: string, code: string): void => {
    const key = `${kind}:${value.toLowerCase()}`;
    const entry = answers.get(key) ?? { text, codes: [] };
    if (!entry.codes.includes(code)) entry.codes.push(code);
    answers.set(key, entry);
  };
  for (const {
    code,
    name,
    capital,
    currency,
    languages,
    subregion,
    demonym,
    domain,
  } of countries) {
    if (capital && capital !== name)
      note("capital", capital, `Which country has the capital ${capital}?`, code);
    if (demonym) note("demonym", demonym, `Where does a person called ${demonym} come from?`, code);
    if (domain) note("domain", domain, `Which country has the internet domain ${domain}?`, code);
    if (currency) note("uses", currency, `Which countries use the ${currency}?`, code);
    for (const language of languages)
      note("speaks", language, `Where is ${language} spoken?`, code);
    note("in", subregion, `Which countries lie in ${subregion}?`, code);
  }
  return [...answers]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { text, codes }]) => ({
      id,
      text,
      positives: new Map(codes.map((code) => [code, 1])),
    }));
}

/** "Which countries border X?": X's own sheet lists them all (grade 2), each neighbour's names X (grade 1). */
function borderQuestions(countries: readonly Country[]): Question[] {
  return countries
    .filter((country) => country.borders.length > 0)
    .map(({ code, name }) => {
      const neighbours = countries.filter((other) => other.borders.includes(name));
      return {
        id: `borders:${code}`,
        text: `Which countries border ${name}?`,
        positives: new Map([
          [code, OWN_SHEET],
          ...neighbours.map((other): [string, number] => [other.code, 1]),
        ]),
      };
    });
}

/** All questions that the sheets of `countries` answer. */
export function countryQuestions(countries: readonly Country[]): Question[] {
  return [
    ...countries.flatMap(ownQuestions),
    ...sharedQuestions(countries),
    ...borderQuestions(countries),
  ];
}
