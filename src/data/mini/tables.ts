/** @file The tables of vega-datasets that charts are drawn from, and how their columns are called. */
import { packageText } from "./sources.ts";

export type Row = Readonly<Record<string, string | number>>;

export type TableSpec = {
  readonly file: string;
  /** Tables of one origin share a family and so a split. */
  readonly family: string;
  /** What a row is, in the plural: "cars". */
  readonly subject: string;
  /** Column -> name for numbers, categories and the column that orders time (a year or a date). */
  readonly numbers: Readonly<Record<string, string>>;
  readonly categories?: Readonly<Record<string, string>>;
  readonly time?: string;
  /** A category whose members get a line each: "{number} of {member}". */
  readonly members?: string;
};

export const TABLES: readonly TableSpec[] = [
  {
    file: "airports.csv",
    family: "airports",
    subject: "airports",
    numbers: { latitude: "latitude", longitude: "longitude" },
    categories: { state: "state" },
  },
  {
    file: "barley.json",
    family: "barley",
    subject: "barley",
    numbers: { yield: "yield" },
    categories: { variety: "variety", site: "site", year: "year" },
  },
  {
    file: "birdstrikes.csv",
    family: "birdstrikes",
    subject: "bird strikes",
    numbers: { "Cost Total": "total cost" },
    categories: {
      "Phase of flight": "phase of flight",
      "Wildlife Size": "wildlife size",
      "Wildlife Species": "wildlife species",
      "Time of day": "time of day",
      "Origin State": "state",
      "Effect Amount of damage": "damage",
    },
  },
  {
    file: "burtin.json",
    family: "burtin",
    subject: "bacteria",
    numbers: { Penicillin: "penicillin", Streptomycin: "streptomycin", Neomycin: "neomycin" },
    categories: { Genus: "genus", Gram_Staining: "gram staining" },
  },
  {
    file: "cars.json",
    family: "cars",
    subject: "cars",
    numbers: {
      Miles_per_Gallon: "miles per gallon",
      Horsepower: "horsepower",
      Weight_in_lbs: "weight",
      Acceleration: "acceleration",
      Displacement: "displacement",
    },
    categories: { Origin: "origin", Cylinders: "cylinders" },
    time: "Year",
  },
  {
    file: "co2-concentration.csv",
    family: "co2",
    subject: "air",
    numbers: { CO2: "carbon dioxide", "adjusted CO2": "adjusted carbon dioxide" },
    time: "Date",
  },
  {
    file: "gapminder.json",
    family: "gapminder",
    subject: "countries",
    numbers: { pop: "population", life_expect: "life expectancy", fertility: "fertility" },
    categories: { country: "country" },
    time: "year",
    members: "country",
  },
  {
    file: "gapminder-health-income.csv",
    family: "gapminder",
    subject: "countries",
    numbers: { income: "income", health: "health", population: "population" },
    categories: { region: "region" },
  },
  {
    file: "crimea.json",
    family: "crimea",
    subject: "the Crimean war",
    numbers: {
      wounds: "deaths from wounds",
      disease: "deaths from disease",
      other: "deaths from other causes",
      army_size: "army size",
    },
    time: "date",
  },
  {
    file: "disasters.csv",
    family: "disasters",
    subject: "disasters",
    numbers: { Deaths: "deaths" },
    categories: { Entity: "kind of disaster" },
    time: "Year",
    members: "Entity",
  },
  {
    file: "driving.json",
    family: "driving",
    subject: "driving",
    numbers: { miles: "miles driven", gas: "price of gas" },
    time: "year",
  },
  {
    file: "flights-2k.json",
    family: "flights",
    subject: "flights",
    numbers: { delay: "delay", distance: "distance" },
    categories: { origin: "origin", destination: "destination" },
  },
  {
    file: "football.json",
    family: "football",
    subject: "football matches",
    numbers: { home_score: "goals at home", away_score: "goals away" },
    categories: { division: "division", home_team: "home team" },
  },
  {
    file: "github.csv",
    family: "github",
    subject: "GitHub",
    numbers: { count: "number of commits" },
    time: "time",
  },
  {
    file: "global-temp.csv",
    family: "global-temp",
    subject: "the earth",
    numbers: { temp: "temperature change" },
    time: "year",
  },
  {
    file: "income.json",
    family: "income",
    subject: "households",
    numbers: { pct: "share of households" },
    categories: { group: "income group", region: "region" },
  },
  {
    file: "iowa-electricity.csv",
    family: "iowa",
    subject: "electricity in Iowa",
    numbers: { net_generation: "net generation" },
    categories: { source: "source" },
    time: "year",
    members: "source",
  },
  {
    file: "jobs.json",
    family: "jobs",
    subject: "jobs",
    numbers: { count: "number of workers", perc: "share of workers" },
    categories: { sex: "sex", job: "job" },
    time: "year",
    members: "job",
  },
  {
    file: "la-riots.csv",
    family: "la-riots",
    subject: "victims of the Los Angeles riots",
    numbers: { age: "age" },
    categories: { gender: "gender", race: "race", type: "cause", neighborhood: "neighborhood" },
  },
  {
    file: "lookup_people.csv",
    family: "people",
    subject: "people",
    numbers: { age: "age", height: "height" },
    categories: { name: "name" },
  },
  {
    file: "monarchs.json",
    family: "monarchs",
    subject: "English monarchs",
    numbers: { start: "start of reign", end: "end of reign" },
    categories: { name: "name" },
  },
  {
    file: "movies.json",
    family: "movies",
    subject: "movies",
    numbers: {
      "US Gross": "US gross",
      "Worldwide Gross": "worldwide gross",
      "Production Budget": "production budget",
      "Running Time min": "running time",
      "Rotten Tomatoes Rating": "Rotten Tomatoes rating",
      "IMDB Rating": "IMDB rating",
    },
    categories: {
      "MPAA Rating": "MPAA rating",
      "Major Genre": "genre",
      "Creative Type": "creative type",
      Distributor: "distributor",
      Source: "source",
    },
  },
  {
    file: "obesity.json",
    family: "obesity",
    subject: "obesity in the US",
    numbers: { rate: "obesity rate" },
    categories: { state: "state" },
  },
  {
    file: "ohlc.json",
    family: "ohlc",
    subject: "the volatility index",
    numbers: {
      open: "opening price",
      high: "high",
      low: "low",
      close: "closing price",
      ret: "return",
    },
    categories: { signal: "signal" },
    time: "date",
  },
  {
    file: "penguins.json",
    family: "penguins",
    subject: "penguins",
    numbers: {
      "Beak Length (mm)": "beak length",
      "Beak Depth (mm)": "beak depth",
      "Flipper Length (mm)": "flipper length",
      "Body Mass (g)": "body mass",
    },
    categories: { Species: "species", Island: "island", Sex: "sex" },
  },
  {
    file: "political-contributions.json",
    family: "contributions",
    subject: "US candidates",
    numbers: { Total_Receipts: "total receipts", Total_Disbursements: "total spending" },
    categories: { Party_Affiliation: "party" },
  },
  {
    file: "population.json",
    family: "population",
    subject: "the US population",
    numbers: { people: "number of people" },
    categories: { age: "age" },
    time: "year",
  },
  {
    file: "population_engineers_hurricanes.csv",
    family: "engineers",
    subject: "US states",
    numbers: {
      population: "population",
      engineers: "share of engineers",
      hurricanes: "number of hurricanes",
    },
    categories: { state: "state" },
  },
  {
    file: "seattle-weather.csv",
    family: "weather",
    subject: "weather in Seattle",
    numbers: {
      precipitation: "rain",
      temp_max: "highest temperature",
      temp_min: "lowest temperature",
      wind: "wind",
    },
    categories: { weather: "weather" },
    time: "date",
  },
  {
    file: "weather.csv",
    family: "weather",
    subject: "weather in cities",
    numbers: { precipitation: "rain", temp_max: "highest temperature", wind: "wind" },
    categories: { location: "city", weather: "weather" },
    time: "date",
  },
  {
    file: "sp500.csv",
    family: "sp500",
    subject: "the S&P 500 index",
    numbers: { price: "price" },
    time: "date",
  },
  {
    file: "sp500-2000.csv",
    family: "sp500",
    subject: "the S&P 500 index since 2000",
    numbers: { open: "opening price", high: "high", low: "low", volume: "trading volume" },
    time: "date",
  },
  {
    file: "stocks.csv",
    family: "stocks",
    subject: "technology stocks",
    numbers: { price: "price" },
    categories: { symbol: "company" },
    time: "date",
    members: "symbol",
  },
  {
    file: "unemployment-across-industries.json",
    family: "unemployment",
    subject: "the unemployed",
    numbers: { count: "number of unemployed", rate: "unemployment rate" },
    categories: { series: "industry" },
    time: "year",
    members: "series",
  },
  {
    file: "us-employment.csv",
    family: "us-employment",
    subject: "US employment",
    numbers: {
      nonfarm: "nonfarm jobs",
      private: "private jobs",
      construction: "construction jobs",
      manufacturing: "manufacturing jobs",
      government: "government jobs",
      information: "information jobs",
      financial_activities: "finance jobs",
      mining_and_logging: "mining and logging jobs",
      retail_trade: "retail jobs",
      utilities: "utilities jobs",
    },
    time: "month",
  },
  {
    file: "us-state-capitals.json",
    family: "capitals",
    subject: "US state capitals",
    numbers: { lon: "longitude", lat: "latitude" },
    categories: { city: "city" },
  },
  {
    file: "wheat.json",
    family: "wheat",
    subject: "English farming",
    numbers: { wheat: "price of wheat", wages: "weekly wages" },
    time: "year",
  },
  {
    file: "windvectors.csv",
    family: "wind",
    subject: "wind",
    numbers: { speed: "wind speed", dir: "wind direction", latitude: "latitude" },
  },
  {
    file: "species.csv",
    family: "species",
    subject: "habitats",
    numbers: { habitat_yearround_pct: "share of year-round habitat" },
    categories: { common_name: "species" },
  },
  {
    file: "budgets.json",
    family: "budgets",
    subject: "budget forecasts",
    numbers: { value: "forecast" },
    categories: { forecastYear: "forecast year" },
    time: "budgetYear",
  },
];

/** Cells of one CSV line; quotes may hold the separator. */
function cells(line: string, separator: string): string[] {
  const out: string[] = [];
  let cell = "";
  let quoted = false;
  for (const char of line) {
    if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      out.push(cell);
      cell = "";
    } else cell += char;
  }
  return [...out, cell];
}

/** Rows of a table; missing cells are left out, numeric text becomes numbers. */
export function readTable({ file }: TableSpec): Row[] {
  const text = packageText("vega-datasets", `data/${file}`);
  const raw: Record<string, unknown>[] = file.endsWith(".json")
    ? (JSON.parse(text) as Record<string, unknown>[])
    : csvRows(text);
  return raw.map((row) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([key, value]): [string, string | number][] => {
        if (typeof value === "number") return Number.isFinite(value) ? [[key, value]] : [];
        if (typeof value !== "string" || value.trim() === "") return [];
        return [[key, /^-?\d*\.?\d+$/.test(value) ? Number(value) : value.trim()]];
      }),
    ),
  );
}

function csvRows(text: string): Record<string, string>[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const heads = cells(lines[0]!, ",");
  return lines
    .slice(1)
    .map((line) => Object.fromEntries(cells(line, ",").map((cell, i) => [heads[i]!, cell])));
}

/** Year (with the month as a fraction) of a date as these tables write them, or undefined. */
export function yearOf(value: string | number | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (value === undefined) return undefined;
  const iso = /^(\d{4})(?:[-/](\d{1,2}))?/.exec(value);
  if (iso) return Number(iso[1]) + (iso[2] ? (Number(iso[2]) - 1) / 12 : 0);
  const named = /^([A-Z][a-z]{2}) \d{1,2} (\d{4})/.exec(value);
  if (!named) return undefined;
  const month = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
  ].indexOf(named[1]!);
  return Number(named[2]) + month / 12;
}
